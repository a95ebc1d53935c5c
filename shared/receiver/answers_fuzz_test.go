package receiver_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reprise/shared/receiver"
)

// A program of answers is read as it is written, step by step; what is not is refused in words that show it.
func FuzzParseAnswers(f *testing.F) {
	for _, s := range []string{
		"200", "503x3,200", "429, 503x3 ,200", "503x10000", "503x10001", "503x5000,200x5000,500", "", ",", "200,", "199", "600", "x3", "503x", "503x0", "503x-1", "503x+2",
		"503x99999999999999999999", "+20", "0503", "503x3x3", "５０３",
	} {
		f.Add(s)
	}
	plain := regexp.MustCompile(`^[2-5][0-9][0-9](x[1-9][0-9]{0,2})?(,[2-5][0-9][0-9](x[1-9][0-9]{0,2})?){0,9}$`) // 9,990 answers at most
	f.Fuzz(func(t *testing.T, s string) {
		first, answer, err := receiver.ParseAnswers(s)
		if err != nil {
			if plain.MatchString(s) || len(first) > 0 || answer != 0 {
				t.Fatalf("%q: %v, %d, %v", s, first, answer, err)
			}
			return
		}
		var steps []string
		for _, status := range append(first, answer) {
			if status < 200 || status > 599 || len(first) > 10_000 {
				t.Fatalf("%q: %d of %d", s, status, len(first))
			}
			steps = append(steps, fmt.Sprintf("%dx1", status))
		}
		if n := len(first); n > 0 { // the same, spelled out
			again, last, err := receiver.ParseAnswers(strings.Join(steps[:n], ",") + "," + strconv.Itoa(answer))
			if err != nil || last != answer || !slices.Equal(again, first) {
				t.Fatalf("%q spelled out: %v, %d, %v", s, again, last, err)
			}
		}
	})
}
