package demo

import (
	"strings"
	"testing"

	"reprise/shared/receiver"
)

func TestWhatTheReceiverCountedIsHeldAgainstItsFile(t *testing.T) {
	good := receiver.Summary{Entries: 10, RightSignatures: 10}
	for name, c := range map[string]struct {
		change func(*receiver.Summary, *result)
		want   string // of a doubt, or of a problem
	}{
		"they agree":              {func(*receiver.Summary, *result) {}, ""},
		"a line more in the file": {func(_ *receiver.Summary, r *result) { r.Received++ }, "the receiver counted 10 entries, its file holds 11"},
		"nothing was checked":     {func(s *receiver.Summary, _ *result) { s.RightSignatures = 0 }, "the receiver checked 0 signatures of 10"},
		"it missed a wrong one":   {func(_ *receiver.Summary, r *result) { r.WrongSig = 1 }, "of those checked here again, 1 were wrong"},
		"batches of another form": {func(s *receiver.Summary, _ *result) { s.BadBatches = 2 }, "refused 2 batches without the right form"},
		"another authorization":   {func(s *receiver.Summary, _ *result) { s.Unauthorized = 1 }, "refused 1 batch without the right Authorization"},
		"fewer sent than meant":   {func(_ *receiver.Summary, r *result) { r.Sent = 9 }, "10 entries were to be sent"},
		"something about a batch": {func(s *receiver.Summary, _ *result) {
			s.BadBatches, s.Wrong = 1, []receiver.Wrong{{Why: "two members"}}
		}, "the receiver says: two members"},
		"a line only it looked at": {func(s *receiver.Summary, _ *result) {
			s.WrongSignatures, s.RightSignatures, s.Wrong = 1, 9, []receiver.Wrong{{Line: "{}", Why: "no key"}}
		}, "the receiver says: no key"},
		"equal entries were sent": {func(s *receiver.Summary, _ *result) {
			s.Duplicates = 1
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			counted, r := good, result{Sent: 10, SentOutside: 2, Received: 10}
			c.change(&counted, &r)
			said := strings.Join(r.crossCheck(counted, plain, nil, 10), "\n")
			for _, p := range r.Problems {
				said += p.Kind + " " + p.Why
			}
			if !strings.Contains(said, c.want) || c.want == "" && said != "" {
				t.Errorf("it says %q, want %q", said, c.want)
			}
			if c.want != "" && said == "" && r.OK() {
				t.Error("nothing is wrong")
			}
		})
	}
}

func TestAWrongSignatureThatBothFoundIsNamedOnce(t *testing.T) {
	r := result{Sent: 10, SentOutside: 2, Received: 10, WrongSig: 1}
	r.note(problem{Kind: wrongSignature, Line: 3, Text: "{}"})
	r.crossCheck(receiver.Summary{Entries: 10, RightSignatures: 9, WrongSignatures: 1, Wrong: []receiver.Wrong{{Line: "{}", Why: "no key"}}}, plain, nil, 10)
	if len(r.Problems) != 1 || r.WrongSig != 1 {
		t.Errorf("%d problems, %d wrong signatures", len(r.Problems), r.WrongSig)
	}
}
