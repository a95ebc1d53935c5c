package auditlog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnArrayIsCutIntoItsElements(t *testing.T) {
	stories := []struct {
		name, body string
		want       []string
	}{
		{"none", " [ ] ", nil},
		{"one", `[{}]`, []string{`{}`}},
		{"each as it came", "[\n  {\"a\" : [1, 2]},\r\n\t\"],[\" , 1.0e5,null ]\n", []string{`{"a" : [1, 2]}`, `"],["`, `1.0e5`, `null`}},
		{"as deep as an entry may be", `[` + strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100) + `]`, []string{strings.Repeat(`[`, 100) + strings.Repeat(`]`, 100)}},
	}
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			elements, err := SplitArray([]byte(s.body), 10)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range elements {
				got = append(got, string(e))
			}
			if diff := cmp.Diff(s.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatIsNoArrayIsRefusedAsABody(t *testing.T) {
	for _, body := range []string{
		``, ` `, `{}`, `null`, `{"a":1}{"a":2}`, `[`, `[1`, `[1,]`, `[,1]`, `[1 2]`, `[1]]`, `[1] x`, `[{"a":}]`, `[{"a":1]`, "[\"\xff\"]",
		`["\ud800"]`, `[` + strings.Repeat(`[`, 101) + strings.Repeat(`]`, 101) + `]`, strings.Repeat(`[`, 1<<20),
	} {
		elements, err := SplitArray([]byte(body), 10)
		if elements != nil {
			t.Errorf("%.20q: got %q", body, elements)
		}
		wantRefusal(t, err, "body  request format is invalid")
	}
}

func TestAnArrayOfTooManyIsReadNoFurther(t *testing.T) {
	for most, want := range []int{1, 2, 3, 3} {
		body := []byte(`[1,2,3]`)
		if most < 2 {
			body = []byte(`[1,2,3 and then no JSON`)
		}
		if elements, err := SplitArray(body, most); err != nil || len(elements) != want {
			t.Errorf("at most %d: got %d elements, %v", most, len(elements), err)
		}
	}
}

func TestLinesAreNumberedAsAnEditorNumbersThem(t *testing.T) {
	var got []string
	for n, line := range SplitLines([]byte("a\n\n \t\r\n b \r\nc\rc\n\nd")) {
		got = append(got, fmt.Sprintf("%d %q", n, line))
	}
	want := []string{`1 "a"`, `4 " b "`, `5 "c\rc"`, `7 "d"`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range SplitLines([]byte("a\nb\n")) {
		break
	}
}
