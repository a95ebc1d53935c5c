package stack_test

import (
	"archive/zip"
	"debug/elf"
	"io"
	"os"
	"path/filepath"
	"testing"

	"reprise/shared/house"
	"reprise/shared/stack"
)

// mostZipped is how large a function may be as it is uploaded: a cold start reads all of it.
const mostZipped = 8_000_000

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// zipped is a file's size as SAM packs it: deflate, at the usual level.
func zipped(name string) (n counter, err error) {
	w := zip.NewWriter(&n)
	file, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	part, err := w.Create("bootstrap")
	if err == nil {
		_, err = io.Copy(part, file)
	}
	if err == nil {
		err = w.Close()
	}
	return n, err
}

func TestFunctionsAreSmallAndStatic(t *testing.T) {
	if _, err := house.Load("../.."); err != nil { // so that go test's cache sees what was compiled
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := stack.Compile(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	built, err := filepath.Glob(filepath.Join(dir, "*", "bootstrap"))
	if err != nil || len(built) != len(load(t).Functions) {
		t.Fatal("functions were built: ", built, err)
	}
	t.Logf("%-16s %12s %12s", "function", "bytes", "zipped")
	for _, name := range built {
		folder := filepath.Base(filepath.Dir(name))
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		n, err := zipped(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%-16s %12d %12d", folder, info.Size(), n)
		if n > mostZipped {
			t.Errorf("%s is %d bytes zipped, %d at most", folder, n, mostZipped)
		}
		program, err := elf.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range program.Progs {
			if p.Type == elf.PT_INTERP {
				t.Errorf("%s asks for a loader, which AWS's image does not have", folder)
			}
		}
		_ = program.Close()
	}
}
