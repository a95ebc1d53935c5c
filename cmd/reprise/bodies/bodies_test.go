package bodies_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reprise/cmd/reprise/bodies"
	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/lines"
)

func TestBodiesHoldAsMuchAsTheIntakeTakes(t *testing.T) {
	t.Parallel()
	type size struct {
		Entries, Bytes int
		First, Last    int64
	}
	half := strings.Repeat("x", client.MaxBody/2-1)
	for name, c := range map[string]struct {
		text string
		want []size
	}{
		"nothing":           {"\n\n", nil},
		"blank lines count": {"\na\n\nb", []size{{2, 4, 2, 4}}},
		"too many entries":  {strings.Repeat("a\n", client.MaxEntries+1), []size{{client.MaxEntries, 2 * client.MaxEntries, 1, client.MaxEntries}, {1, 2, client.MaxEntries + 1, client.MaxEntries + 1}}},
		"exactly full":      {half + "\n" + half + "\na\n", []size{{2, client.MaxBody, 1, 2}, {1, 2, 3, 3}}},
		"a byte too long":   {half + "\n" + half + "x\n", []size{{1, client.MaxBody / 2, 1, 1}, {1, client.MaxBody/2 + 1, 2, 2}}},
	} {
		var got []size
		for b, err := range bodies.Of(lines.Read(strings.NewReader(c.text), name)) {
			if err != nil {
				t.Fatal(name, err)
			}
			got = append(got, size{len(b.Lines), len(b.Text), b.Lines[0], b.Lines[len(b.Lines)-1]})
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestWhatCameBeforeAnErrorIsABody(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var got []string
	for b, err := range bodies.Of(func(yield func(lines.Line, error) bool) {
		_ = yield(lines.Line{N: 1, Text: []byte("a")}, nil) && yield(lines.Line{}, broken)
	}) {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, string(b.Text))
	}
	if d := cmp.Diff([]string{"a\n", "broken"}, got); d != "" {
		t.Error(d)
	}
}
