package demo

import (
	"strings"
	"testing"
)

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
