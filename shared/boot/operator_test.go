package boot_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"reprise/shared/boot"
)

// refusal is an error as AWS's services answer.
type refusal struct{ code string }

func (r refusal) Error() string     { return "api error " + r.code }
func (r refusal) ErrorCode() string { return r.code }

func TestAnOperatorIsToldWhatToDo(t *testing.T) {
	for code, want := range map[string]string{
		"ResourceNotFoundException":   "no such table",
		"AccessDeniedException":       "may not do that",
		"ExpiredTokenException":       "sign in again",
		"UnrecognizedClientException": "sign in again",
		"InternalServerError":         "",
	} {
		got := boot.Advice(fmt.Errorf("saving a token: %w", refusal{code}))
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: %q", code, got)
		}
	}
	if got := boot.Advice(errors.New("AccessDeniedException")); got != "" {
		t.Errorf("of an error that is not AWS's: %q", got)
	}
}
