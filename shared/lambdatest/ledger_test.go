package lambdatest

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
)

// ledger is what an organization sent, and what came.
type ledger struct {
	org   string
	fails func(string)

	mu      sync.Mutex
	sent    map[string]int // line without its signature → its place
	arrived map[string][][]string
	total   int // lines that came
	again   int // of these, what had come in that job before
	shown   map[string]job
}

func newLedger(org string, fails func(string)) *ledger {
	return &ledger{org: org, fails: fails, sent: make(map[string]int), arrived: make(map[string][][]string), shown: make(map[string]job)}
}

func (l *ledger) fault(format string, a ...any) { l.fails(l.org + ": " + fmt.Sprintf(format, a...)) }

func (l *ledger) sends(lines []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range lines {
		l.sent[line] = len(l.sent)
	}
}

// took notes the lines of a batch that was taken. They are as they were sent, but for the signature.
func (l *ledger) took(job, id string, lines [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range lines {
		l.total++
		at := bytes.LastIndex(line, []byte(`,"sig":"`))
		i, known := l.sent[string(line[:max(0, at)])+"}"]
		if !known {
			l.fault("never sent, or altered: %.200s; job %s, batch %s", line, job, id)
			continue
		}
		if l.arrived[job] == nil {
			l.arrived[job] = make([][]string, len(l.sent))
		}
		if len(l.arrived[job][i]) > 0 {
			l.again++
		}
		l.arrived[job][i] = append(l.arrived[job][i], id)
	}
}

// sees notes what GET showed: it never goes back.
func (l *ledger) sees(j job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	order := []string{"accepted", "pending", "running", "completed", "failed"}
	before, ok := l.shown[j.ID]
	now, was := j.Progress, before.Progress
	if ok && (slices.Index(order, j.Status) < slices.Index(order, before.Status) || now.Batches < was.Batches || now.Entries < was.Entries ||
		now.Bytes < was.Bytes || now.Completed < was.Completed) {
		l.fault("job %s went back from %+v to %+v", j.ID, before, j)
	}
	l.shown[j.ID] = j
}

// settle wants every entry in a completed job, under one Webhook-Id each: nothing was sent while it ran.
func (l *ledger) settle(j job) {
	l.mu.Lock()
	defer l.mu.Unlock()
	lost := len(l.sent)
	for _, ids := range l.arrived[j.ID] {
		if len(ids) > 0 {
			lost--
		}
		if len(slices.Compact(slices.Sorted(slices.Values(ids)))) > 1 {
			l.fault("job %s: an entry came under several ids, though nothing came late: %v", j.ID, ids)
		}
	}
	if lost > 0 || j.Progress.Entries != int64(len(l.sent)) || j.Progress.Completed != j.Progress.Total {
		l.fault("%d of %d entries are LOST; %+v", lost, len(l.sent), j)
	}
}
