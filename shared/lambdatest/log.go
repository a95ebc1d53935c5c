package lambdatest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// Log is what the emulators of a function wrote.
type Log struct {
	Lines   []string        // the function's own, JSON each
	Strange []string        // what is neither its own JSON nor the emulator's
	Inits   []time.Duration // of its cold starts
	Reports int             // calls that came to an end
	Billed  time.Duration   // of these, whole milliseconds
}

// journal reads the log of one function's emulators.
type journal struct {
	mu  sync.Mutex
	log Log
	to  io.Writer // nil: nobody else reads it
}

// page is the log of one emulator, which may be cut anywhere.
type page struct {
	to    *journal
	begun []byte
}

func (p *page) Write(b []byte) (int, error) {
	p.begun = append(p.begun, b...)
	for {
		line, rest, whole := bytes.Cut(p.begun, []byte("\n"))
		if !whole {
			return len(b), nil
		}
		p.to.read(bytes.TrimRight(line, "\r\t "))
		p.begun = rest
	}
}

// The lines of the emulator, whose times are written as 24 Nov 2026 10:38:42,933.
const (
	initLine   = `INIT REPORT\(durationMs: ([0-9.]+)\)`
	reportLine = `^REPORT RequestId: .*Billed Duration: ([0-9]+) ms`
	ownLine    = `^(START |END |REPORT |\d{2} \w{3} \d{4} [\d:,]+ \[\w+\] \(rapid\) )`
)

func (j *journal) read(line []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case len(line) == 0:
	case line[0] == '{':
		if j.to != nil {
			_, _ = fmt.Fprintf(j.to, "%s\n", line)
			return // it may go on for days
		}
		if json.Valid(line) {
			j.log.Lines = append(j.log.Lines, string(line))
		} else {
			j.log.Strange = append(j.log.Strange, string(line))
		}
	case bytes.Contains(line, []byte("/LambdaRuntimeLocal/")): // the emulator itself, startled by a kill
	case !regexp.MustCompile(ownLine).Match(line):
		j.log.Strange = append(j.log.Strange, string(line))
	default:
		if m := regexp.MustCompile(initLine).FindSubmatch(line); m != nil {
			ms, _ := strconv.ParseFloat(string(m[1]), 64)
			j.log.Inits = append(j.log.Inits, time.Duration(ms*float64(time.Millisecond)))
		}
		if m := regexp.MustCompile(reportLine).FindSubmatch(line); m != nil {
			ms, _ := strconv.Atoi(string(m[1]))
			j.log.Reports++
			j.log.Billed += time.Duration(ms) * time.Millisecond
		}
	}
}

func (j *journal) copy() Log {
	j.mu.Lock()
	defer j.mu.Unlock()
	l := j.log
	l.Lines, l.Strange, l.Inits = append([]string(nil), l.Lines...), append([]string(nil), l.Strange...), append([]time.Duration(nil), l.Inits...)
	return l
}
