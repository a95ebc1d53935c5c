package stack

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// Fault is how a request goes wrong on the way between an SDK and its server.
type Fault int

// The ways there are. Whoever asks again is answered as if nothing had been.
const (
	Lost        Fault = iota // the connection ends, nothing was done
	AnswerLost               // it was done; the connection ends
	AnswerCut                // it was done; the connection ends in the middle of the answer
	Hung                     // it was done; the answer never comes, and the connection stays
	Late                     // the connection ends; it is done behind the next request that counts, the SDK's second attempt
	Throttled                // refused: too many
	Conflicting              // refused: another transaction is in the way
	Failed                   // refused: 500
	faults                   // how many there are
)

// Faults is every way.
func Faults() []Fault {
	all := make([]Fault, faults)
	for i := range all {
		all[i] = Fault(i)
	}
	return all
}

func (f Fault) String() string {
	names := [faults]string{"lost", "answer lost", "answer cut", "hung", "late", "throttled", "conflicting", "failed"}
	return names[f]
}

// Proxy stands between an SDK and a test server, and does to some requests what networks and services do.
type Proxy struct {
	URL string

	relay *Relay
	http  *httptest.Server

	mu    sync.Mutex
	name  func(operation, body string) string
	first int // which of those with a name is the first to go wrong, from 1
	last  int
	fault Fault
	seen  int
	hit   []string
	late  []func()
}

// NewProxy stands before the server. Until it is armed it lets everything by.
func NewProxy(s *Server) *Proxy {
	p := &Proxy{relay: NewRelay(s)}
	p.http = httptest.NewServer(http.HandlerFunc(p.serve))
	p.URL = p.http.URL
	return p
}

// Server is the proxy as a server, for DynamoDB and SQS to make clients of it.
func (p *Proxy) Server() *Server { return &Server{URL: p.URL} }

// Close ends it, and all connections.
func (p *Proxy) Close() {
	p.http.CloseClientConnections()
	p.http.Close()
}

// Arm has the first-th to the last-th request go wrong, counted from now on, from 1, of those that name gives one. The operation
// is as in X-Amz-Target, without its service. What was held back is forgotten.
func (p *Proxy) Arm(first, last int, f Fault, name func(operation, body string) string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first, p.last, p.fault, p.name, p.seen, p.hit, p.late = first, last, f, name, 0, nil, nil
}

// Hit is the names of the requests that went wrong.
func (p *Proxy) Hit() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hit
}

// Seen is how many requests had a name.
func (p *Proxy) Seen() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

// next says what is to become of a request, and what was held back until it is answered.
func (p *Proxy) next(operation, body string) (fault Fault, strikes bool, late []func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.name == nil {
		return 0, false, nil
	}
	name := p.name(operation, body)
	if name == "" {
		return 0, false, nil
	}
	p.seen++
	late, p.late = p.late, nil
	if strikes = p.first <= p.seen && p.seen <= p.last; strikes {
		p.hit = append(p.hit, name)
	}
	return p.fault, strikes, late
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
	service, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	fault, strikes, late := p.next(operation, string(body))
	if strikes {
		p.strike(w, r, body, fault, service)
		return
	}
	status, header, answer := p.forward(r, body)
	for _, do := range late {
		do()
	}
	reply(w, status, header, answer)
}

func (p *Proxy) strike(w http.ResponseWriter, r *http.Request, body []byte, fault Fault, service string) {
	switch fault {
	case Lost:
	case AnswerLost:
		p.forward(r, body)
	case AnswerCut:
		status, header, answer := p.forward(r, body)
		header.Set("Content-Length", fmt.Sprint(len(answer)))
		reply(w, status, header, answer[:len(answer)/2])
	case Hung:
		p.forward(r, body)
		<-r.Context().Done()
	case Late:
		p.mu.Lock()
		p.late = append(p.late, func() { p.forward(r, body) })
		p.mu.Unlock()
	default:
		refuse(w, service, r.Header.Get("X-Amz-Target"), string(body), fault)
		return
	}
	panic(http.ErrAbortHandler) // ends the connection
}

// refuse answers as the service does.
func refuse(w http.ResponseWriter, service, target, body string, fault Fault) {
	status, code, more := http.StatusBadRequest, "", ""
	switch dynamo := strings.HasPrefix(service, "DynamoDB"); {
	case fault == Failed:
		status, code = http.StatusInternalServerError, "InternalServerError"
	case !dynamo:
		code = "RequestThrottled"
	case strings.HasSuffix(target, ".TransactWriteItems"):
		reason := map[Fault]string{Throttled: "ThrottlingError", Conflicting: "TransactionConflict"}[fault]
		code = "TransactionCanceledException"
		reasons := []string{fmt.Sprintf(`{"Code":%q,"Message":"by the proxy"}`, reason)}
		for range strings.Count(body, `"Put":`) - 1 {
			reasons = append(reasons, `{"Code":"None"}`)
		}
		more = `,"CancellationReasons":[` + strings.Join(reasons, ",") + `]`
	case fault == Throttled:
		code = "ProvisionedThroughputExceededException"
	case strings.HasSuffix(target, "Item"):
		code = "TransactionConflictException"
	default: // a query meets no transaction
		code = "ThrottlingException"
	}
	reply(w, status, http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, fmt.Appendf(nil, `{"__type":"com.amazonaws#%s","message":"by the proxy"%s}`, code, more))
}

// forward has the server do it. Where the server does not answer, nobody is answered.
func (p *Proxy) forward(r *http.Request, body []byte) (status int, header http.Header, answer []byte) {
	status, header, answer, err := p.relay.Send(context.Background(), r, body) // not r's context: the client may be gone
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return status, header, answer
}

func reply(w http.ResponseWriter, status int, header http.Header, answer []byte) {
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}
