package receiver

import "time"

// Summary is what a Receiver saw.
type Summary struct {
	Batches         int64     `json:"batches"`           // taken, those that came again included
	Repeated        int64     `json:"repeated_batches"`  // of these, with a Webhook-Id that was taken before
	Entries         int64     `json:"entries"`           // taken, as many as Out got lines
	Duplicates      int64     `json:"duplicates"`        // of these, the same to the byte as one before, but for the signature
	RightSignatures int64     `json:"right_signatures"`  // 0 without Options.Keys
	WrongSignatures int64     `json:"wrong_signatures"`  // taken nevertheless; 0 without Options.Keys
	BadBatches      int64     `json:"bad_batches"`       // answered 400: not the form of CONTRACT.md §4
	Unauthorized    int64     `json:"unauthorized"`      // answered 401
	Refused         int64     `json:"refused"`           // not taken for another reason: Options.Answer, no keys, no room
	FirstAt         time.Time `json:"first_at,omitzero"` // when the first batch was taken
	LastAt          time.Time `json:"last_at,omitzero"`  // and the last
	Wrong           []Wrong   `json:"wrong,omitempty"`   // the first things that were wrong, 5 of a kind
	Broken          string    `json:"broken,omitempty"`  // the entry that Options.Break went wrong with, as it came
}

// Wrong is one thing that was wrong.
type Wrong struct {
	Line string `json:"line,omitempty"` // the entry, its first 2 KiB; empty where it is about a batch
	Why  string `json:"why"`
}

const (
	maxWrong     = 20 // in all
	maxAlike     = 5  // with the same Why: many wrong signatures must not hide what else is wrong
	maxWrongLine = 2 << 10
)

func (s *Summary) wrong(line []byte, why string) {
	alike := 0
	for _, w := range s.Wrong {
		if w.Why == why {
			alike++
		}
	}
	if alike < maxAlike && len(s.Wrong) < maxWrong {
		s.Wrong = append(s.Wrong, Wrong{string(line[:min(len(line), maxWrongLine)]), why})
	}
}
