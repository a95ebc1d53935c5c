package apigw_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"reprise/shared/openapitest"
)

// openapi is the file that every answer of either door is held to.
var openapi = sync.OnceValues(openapitest.Load)

// held holds the request and its answer to openapi.yaml.
func (q request) held(t *testing.T, a answered) {
	t.Helper()
	file, err := openapi()
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.ParseRequestURI(q.target)
	if err != nil || a.code == http.StatusBadRequest && a.header["X-Content-Type-Options"] == "" {
		return // net/http's own answer, to what is no request
	}
	r := &http.Request{Method: q.method, URL: at, Header: make(http.Header)}
	for _, line := range q.header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	header := make(http.Header)
	for name, value := range a.header {
		header.Set(name, value)
	}
	if err := file.Check(openapitest.Exchange{Request: r, Sent: []byte(q.body), Status: a.code, Header: header, Body: []byte(a.body)}); err != nil {
		t.Error(err)
	}
}
