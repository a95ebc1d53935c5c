package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAProcessThatEndedByItselfIsHeldToItsExitCode(t *testing.T) {
	for name, c := range map[string]struct{ code, want string }{
		"it failed":    {"3", "crasher ended badly: exit status 3\n"},
		"it went well": {"0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			p, err := start(t.Context(), folder, "crasher", "serving", "sh", nil,
				"-c", `echo '{"msg":"serving","address":"here"}' >&2; until [ -e "$0" ]; do sleep 0.01; done; exit `+c.code, filepath.Join(folder, "now"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, "now"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			<-p.ended
			err = p.stop()
			if (err != nil) != (c.want != "") || err != nil && !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err := p.stop(); err != nil {
				t.Errorf("told twice: %v", err)
			}
		})
	}
}

func TestTheAddressIsFoundInALogThatComesInPieces(t *testing.T) {
	var log strings.Builder
	found := make(chan string, 1)
	w := &watcher{to: &log, msg: "serving", found: found}
	const text = "not JSON\n" + `{"msg":"made a key","address":"no"}` + "\n" + `{"msg":"serving","address":"127.0.0.1:1"}` + "\n" +
		`{"msg":"serving","address":"127.0.0.1:2"}` + "\n"
	for i := range text {
		if _, err := w.Write([]byte(text[i : i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-found; got != "127.0.0.1:1" {
		t.Errorf("found %q", got)
	}
	if log.String() != text {
		t.Errorf("the log holds %q", log.String())
	}
}
