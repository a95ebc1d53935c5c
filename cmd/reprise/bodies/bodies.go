// Package bodies packs entries into requests of the intake.
package bodies

import (
	"iter"

	"reprise/cmd/reprise/client"
	"reprise/cmd/reprise/lines"
)

// Body is what one request holds: as many entries as the contract lets it (CONTRACT.md §6), one a line.
type Body struct {
	Text  []byte
	Lines []int64 // the number of each entry's line in the file that it came from
}

// Of packs the lines in their order; each body has a memory of its own. An entry that is too long for a body is in one alone, for
// the intake to refuse. An error of the lines is yielded last, behind what came before it.
func Of(all iter.Seq2[lines.Line, error]) iter.Seq2[Body, error] {
	return func(yield func(Body, error) bool) {
		var b Body
		for line, err := range all {
			if err != nil {
				if len(b.Lines) == 0 || yield(b, nil) {
					yield(Body{}, err)
				}
				return
			}
			if n := len(b.Lines); n == client.MaxEntries || n > 0 && len(b.Text)+len(line.Text)+1 > client.MaxBody {
				if !yield(b, nil) {
					return
				}
				b = Body{Text: make([]byte, 0, client.MaxBody)}
			}
			b.Text = append(append(b.Text, line.Text...), '\n')
			b.Lines = append(b.Lines, line.N)
		}
		if len(b.Lines) > 0 {
			yield(b, nil)
		}
	}
}
