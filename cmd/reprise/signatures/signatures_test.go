package signatures_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/cmd/reprise/lines"
	"reprise/cmd/reprise/signatures"
	"reprise/shared/auditlog"
)

const golden = "../../../shared/auditlog/testdata/golden"

func keys(t testing.TB) []auditlog.PublicKey {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(golden, "jwks.json"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := auditlog.ParseJWKS(text)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func signed(t testing.TB) string {
	t.Helper()
	line, err := os.ReadFile(filepath.Join(golden, "access.json"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(line)) + "\n"
}

// The first twenty are the first of the file, whichever processor is done first.
func TestTheFirstLinesThatDoNotVerifyAreNamedInTheirOrder(t *testing.T) {
	t.Parallel()
	good := signed(t)
	var text strings.Builder
	for range 300 { // parts of 256 KiB: some ten
		text.WriteString(good)
		text.WriteString("x\n")
		text.WriteString(strings.Repeat(" ", 8<<10) + "\n")
		text.WriteString(`{"x":"` + strings.Repeat("x", 8<<10) + "\"}\n")
	}
	got, err := signatures.Check(t.Context(), lines.Read(strings.NewReader(text.String()), "text"), keys(t))
	if err != nil {
		t.Fatal(err)
	}
	want := signatures.Result{Lines: 900, Verified: 300, Unsigned: 300, Unknown: 300}
	for n := int64(0); n < 10; n++ {
		want.First = append(want.First, signatures.Problem{Line: 4*n + 2, Why: "it is no entry in json, cef or cps"}, signatures.Problem{Line: 4*n + 4, Why: "it has no signature at its end"})
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestACheckThatIsInterruptedEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("interrupted")
	cancel(why)
	if got, err := signatures.Check(ctx, lines.Read(strings.NewReader(signed(t)), "text"), keys(t)); !errors.Is(err, why) || got.Lines != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// Whatever bytes come, each line that is not blank is counted once, and verifies only where auditlog says so.
func FuzzCheck(f *testing.F) {
	for _, s := range []string{"", "\n", "\r\n\r\n", "x", "{}\n{", " CEF:0|", "\x1f\x8b", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", signed(f), strings.ReplaceAll(signed(f), "\n", "\r\n"), "\x00\n\xff"} {
		f.Add([]byte(s))
	}
	known := keys(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := signatures.Check(t.Context(), lines.Read(bytes.NewReader(text), "text"), known)
		if err != nil {
			if !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
				t.Fatal(err)
			}
			return
		}
		if bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
			return
		}
		want := signatures.Result{}
		for line := range bytes.SplitSeq(text, []byte("\n")) {
			if line = bytes.TrimSpace(line); len(line) > 0 {
				want.Lines++
				if _, ok := auditlog.Verify(line, known); ok {
					want.Verified++
				}
			}
		}
		if got.Lines != want.Lines || got.Verified != want.Verified || got.Verified+got.Wrong+got.Unsigned+got.Unknown != got.Lines ||
			int64(len(got.First)) != min(got.Lines-got.Verified, signatures.MaxFirst) {
			t.Fatalf("%s: %+v, want %+v", fmt.Sprintf("%.100q", text), got, want)
		}
	})
}
