package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"reprise/cmd/reprise/meter"
	"reprise/cmd/reprise/words"
	"reprise/shared/receiver"
)

// prove ends the receiver and the service, compares, and tells.
func (s *show) prove(ctx context.Context) error {
	jwks, err := s.service.admin.Keys(ctx)
	if err != nil {
		return err
	}
	keys, err := readKeys(jwks)
	if err != nil {
		return err
	}
	if err := s.hook.stop(); err != nil {
		return err
	}
	if err := errors.Join(s.turnOff(ctx), s.service.stop()); err != nil {
		return err
	}
	var counted receiver.Summary
	if err := json.Unmarshal(s.hook.out.Bytes(), &counted); err != nil {
		return fmt.Errorf("reading the receiver's summary: %w: %.200s", err, s.hook.out.Bytes())
	}
	s.step("comparing what was received with what was sent, entry by entry", fmt.Sprintf("wc -l %s %s", s.sent, s.receivedFile))
	m := meter.New(s.Progress, s.Terminal, "comparing", 2*s.from.Entries, s.Now)
	r, err := compare(s.sent, s.receivedFile, s.service.org, s.Format, s.from.Window, keys, s.from.Entries, m.Slowly())
	m.End()
	if err != nil {
		return err
	}
	doubts := r.crossCheck(counted, s.Format, keys, s.from.Entries)
	if s.API != "" && r.Sent > 0 && r.Received == 0 {
		doubts = append(doubts, "nothing arrived at all: are both tokens of the same organization?")
	}
	elsewhere, err := s.checkElsewhere(ctx, &r, keys)
	if err != nil {
		return err
	}
	s.table(r, elsewhere)
	for _, p := range r.Problems {
		s.tell(p)
	}
	for _, d := range doubts {
		s.sayf("\n%s\n", d)
	}
	verdict := "something is wrong"
	ok := r.OK() && len(doubts) == 0
	if ok {
		verdict = "every entry arrived, once, as it was sent"
	}
	s.sayf("\n%s sent, %s received, %s missing, %s duplicates, %s wrong signatures, %s outside the range, %s altered: %s\n",
		meter.Commas(r.Sent), meter.Commas(r.Received), meter.Commas(r.Missing), meter.Commas(r.Duplicates), meter.Commas(r.WrongSig), meter.Commas(r.Outside), meter.Commas(r.Altered), verdict)
	if !ok {
		return ErrWrong
	}
	return nil
}

// crossCheck holds what the receiver counted, and what was meant to be sent, against what is in the files. The receiver
// checked every signature, the comparison some: the higher number counts.
func (r *result) crossCheck(counted receiver.Summary, f Format, keys publicKeys, entries int64) (doubts []string) {
	doubt := func(when bool, format string, numbers ...int64) {
		if when {
			args := make([]any, len(numbers))
			for i, n := range numbers {
				args[i] = meter.Commas(n)
			}
			doubts = append(doubts, fmt.Sprintf(format, args...))
		}
	}
	doubt(counted.Entries != r.Received, "the receiver counted %s entries, its file holds %s", counted.Entries, r.Received)
	doubt(counted.RightSignatures+counted.WrongSignatures != counted.Entries, "the receiver checked %s signatures of %s",
		counted.RightSignatures+counted.WrongSignatures, counted.Entries)
	doubt(counted.WrongSignatures < r.WrongSig, "the receiver counted %s wrong signatures; of those checked here again, %s were wrong",
		counted.WrongSignatures, r.WrongSig)
	doubt(counted.BadBatches > 0, "the receiver refused "+words.Count(counted.BadBatches, "batch")+" without the right form")
	doubt(counted.Unauthorized > 0, "the receiver refused "+words.Count(counted.Unauthorized, "batch")+" without the right Authorization")
	doubt(r.Sent != entries || r.SentOutside != 2, "%s entries were to be sent in the range, 2 outside of it; the file of what was sent holds %s, and %s",
		entries, r.Sent, r.SentOutside)
	missed := counted.WrongSignatures > r.WrongSig // the receiver looked at lines that were not looked at here
	r.WrongSig = max(r.WrongSig, counted.WrongSignatures)
	for _, w := range counted.Wrong {
		switch {
		case w.Line == "" && counted.BadBatches > 0:
			doubts = append(doubts, "the receiver says: "+w.Why)
		case w.Line != "" && missed && !keys.verify(f, []byte(w.Line)):
			r.note(problem{Kind: wrongSignature, Text: w.Line, Why: "the receiver says: " + w.Why})
		}
	}
	return doubts
}

// checkElsewhere has OpenSSL check the sample once more, and says how that went, in a row of the table and loudly where it could not.
func (s *show) checkElsewhere(ctx context.Context, r *result, keys publicKeys) (row string, err error) {
	const head = "  checked by openssl"
	s.step("having a program that is not ours check signatures, spread over all of them",
		"openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in signed -sigfile signature")
	o, err := findOpenSSL(ctx, s.folder, keys)
	if errors.Is(err, errNoOpenSSL) {
		if os.Getenv("CI") == "true" {
			return "", err
		}
		return fmt.Sprintf("%s %14s   SKIPPED: signatures were checked by no program but ours: %v\n", head, "0", err), nil
	}
	if err != nil {
		return "", err
	}
	wrong, err := o.verify(ctx, s.Format, r.Sample)
	if err != nil {
		return "", err
	}
	for _, i := range wrong {
		r.note(problem{Kind: wrongByOpenSSL, Text: string(r.Sample[i])})
	}
	return fmt.Sprintf("%s %14s   signatures, spread over all: %d wrong (%s)\n", head, meter.Commas(int64(len(r.Sample))), len(wrong), o.version), nil
}

func (s *show) table(r result, elsewhere string) {
	row := func(name string, n int64, more string) {
		s.sayf("  %-18s %14s%s\n", name, meter.Commas(n), more)
	}
	s.sayf("\n")
	row("sent", r.Sent, fmt.Sprintf("   in the range, and %d just outside of it, which must not arrive", r.SentOutside))
	row("received", r.Received, "")
	row("missing", r.Missing, "")
	row("duplicates", r.Duplicates, "")
	row("wrong signature", r.WrongSig, fmt.Sprintf("   the receiver checked all, this comparison %s of them again", meter.Commas(r.Checked)))
	s.sayf("%s", elsewhere)
	row("outside the range", r.Outside, "")
	row("altered", r.Altered, "")
	s.sayf("\n")
	for _, part := range []struct {
		name string
		n    int64
		took time.Duration
	}{{"intake", r.Sent + r.SentOutside, s.intake}, {"replay", r.Received, s.delivery}} {
		s.sayf("  %-18s %14s   %s entries/s\n", part.name, fmt.Sprintf("%.1f s", part.took.Seconds()), meter.Commas(int64(meter.PerSecond(part.n, part.took))))
	}
}

func (s *show) tell(p problem) {
	where, why := "", ""
	if p.Line > 0 {
		where = fmt.Sprintf(" %s, line %d", filepath.Base(p.File), p.Line)
	}
	if p.Why != "" {
		why = " (" + p.Why + ")"
	}
	s.sayf("\n%s:%s%s\n  %s\n", p.Kind, where, why, p.Text)
}
