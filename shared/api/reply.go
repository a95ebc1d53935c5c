package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// reply is an answer in full before a byte of it is written, so that no client ever gets half of one.
type reply struct {
	status int
	kind   string // Content-Type
	body   []byte
	header map[string]string
}

// ok is a reply with v as JSON.
func ok(status int, v any) (reply, error) {
	body, err := encode(v)
	return reply{status: status, kind: "application/json", body: body}, err
}

// nothing is a reply without a body: 204, and so neither a Content-Type nor a length (RFC 9110 §8.6).
func nothing() reply { return reply{status: http.StatusNoContent} }

// sorry is a problem as a reply.
func sorry(p *problem, trace string) reply {
	shown := *p
	shown.Instance = "reprise:trace:" + trace
	body, _ := encode(shown) // strings and numbers: cannot fail
	return reply{status: p.Status, kind: "application/problem+json", body: body, header: p.header}
}

// encode writes JSON for programs: <, > and & stay as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

func (a reply) write(w http.ResponseWriter) {
	h := w.Header()
	if a.status != http.StatusNoContent {
		h.Set("Content-Type", a.kind)
		h.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	for name, value := range a.header {
		h.Set(name, value)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that is gone misses its answer; there is nobody left to tell
}

// stamp writes a time as the contract does: RFC 3339 in UTC, milliseconds where there are some.
func stamp(t time.Time) string {
	t = t.UTC().Truncate(time.Millisecond)
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05Z")
	}
	return t.Format("2006-01-02T15:04:05.000Z")
}

// stampIf is stamp, but "" for the zero time.
func stampIf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}
