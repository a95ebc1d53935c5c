package lambdatest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

const (
	// maxBody is API Gateway's limit of a request's body, maxEvent Lambda's of an event, maxAnswer of what a function answers.
	maxBody   = 10 << 20
	maxEvent  = 6 << 20
	maxAnswer = 6 << 20
)

// door is the HTTP API: real requests, payload 2.0 to the functions.
type door struct{ routes map[string]*Function } // "PUT /v2/audit-log-replay-job", "$default"

func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		own(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	route := r.Method + " " + r.URL.EscapedPath()
	function := d.routes[route]
	if function == nil {
		route, function = "$default", d.routes["$default"]
	}
	event, err := json.Marshal(request(r, route, body))
	switch {
	case err != nil || function == nil:
		own(w, http.StatusNotFound, "Not Found")
		return
	case len(event) > maxEvent:
		own(w, http.StatusRequestEntityTooLarge, "Request Entity Too Large")
		return
	}
	answer, err := function.Call(context.WithoutCancel(r.Context()), event) // the gateway does not tell a function that a client has left
	if err != nil || len(answer) > maxAnswer {
		own(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	if err := reply(w, answer); err != nil {
		own(w, http.StatusInternalServerError, "Internal Server Error")
	}
}

// own is an answer of the gateway itself, in its form.
func own(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"message":%q}`, message)
}

func request(r *http.Request, route string, body []byte) events.APIGatewayV2HTTPRequest {
	headers := map[string]string{"host": r.Host}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	query := make(map[string]string)
	for name, values := range r.URL.Query() {
		query[name] = strings.Join(values, ",")
	}
	source, _, _ := net.SplitHostPort(r.RemoteAddr)
	now := time.Now()
	e := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: route, RawPath: r.URL.EscapedPath(), RawQueryString: r.URL.RawQuery, Headers: headers, QueryStringParameters: query,
		RequestContext: events.APIGatewayV2HTTPRequestContext{
			RouteKey: route, AccountID: "000000000000", Stage: "$default", RequestID: fmt.Sprintf("test-%d", now.UnixNano()), APIID: "api",
			DomainName: r.Host, Time: now.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
				Method: r.Method, Path: r.URL.EscapedPath(), Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent(),
			},
		},
		Body: string(body),
	}
	if len(body) > 0 && !plain(r, body) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return e
}

// plain reports whether the gateway takes a body for text.
func plain(r *http.Request, body []byte) bool {
	kind := r.Header.Get("Content-Type")
	text := strings.HasPrefix(kind, "text/") || strings.HasPrefix(kind, "application/json") || strings.HasPrefix(kind, "application/xml") ||
		strings.HasPrefix(kind, "application/javascript")
	return text && r.Header.Get("Content-Encoding") == "" && utf8.Valid(body)
}

func reply(w http.ResponseWriter, answer []byte) error {
	var a events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(answer, &a); err != nil {
		return err
	}
	body := []byte(a.Body)
	if a.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(a.Body); err != nil {
			return err
		}
	}
	if a.StatusCode < 200 || a.StatusCode > 599 {
		return fmt.Errorf("status %d", a.StatusCode)
	}
	for name, value := range a.Headers {
		w.Header().Set(name, value)
	}
	for _, c := range a.Cookies {
		w.Header().Add("Set-Cookie", c)
	}
	w.WriteHeader(a.StatusCode)
	_, err := w.Write(body)
	return err
}
