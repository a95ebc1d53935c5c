package apigw

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/events"
)

// request is the event as net/http's server would have read it.
func request(ctx context.Context, e events.APIGatewayV2HTTPRequest) *http.Request {
	at := e.RequestContext.HTTP
	r := &http.Request{
		Method: at.Method, URL: target(e), RequestURI: e.RawPath,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header), Host: e.RequestContext.DomainName,
		RemoteAddr: net.JoinHostPort(at.SourceIP, "0"), // the gateway tells no port
	}
	if e.RawQueryString != "" {
		r.RequestURI += "?" + e.RawQueryString
	}
	if major, minor, ok := http.ParseHTTPVersion(at.Protocol); ok {
		r.Proto, r.ProtoMajor, r.ProtoMinor = at.Protocol, major, minor
	}
	// The gateway writes names in lower case; others who send events may not, and a name may be there twice.
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		r.Header.Add(name, e.Headers[name])
	}
	if len(e.Cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(e.Cookies, "; "))
	}
	// As net/http has it, the host is no header. Behind a custom domain it tells the region (CONTRACT.md §1).
	r.Host = cmp.Or(r.Header.Get("Host"), r.Host)
	r.Header.Del("Host")
	r.Body, r.ContentLength = body(e)
	return r.WithContext(ctx)
}

// target takes the path as it comes: routes match exactly. AWS has decoded it already (so others' captures say; a bare % is a
// character then), others who send events have not.
func target(e events.APIGatewayV2HTTPRequest) *url.URL {
	u := &url.URL{Path: e.RawPath, RawQuery: e.RawQueryString}
	if path, err := url.PathUnescape(e.RawPath); err == nil {
		u.Path, u.RawPath = path, e.RawPath
	}
	return u
}

// body is what was sent, and how long it is, -1 if that cannot be told. A body that is not the base64 which it is said to be
// fails when it is read, like one that breaks off: the handler answers, and only if it needed the body.
func body(e events.APIGatewayV2HTTPRequest) (io.ReadCloser, int64) {
	if e.Body == "" {
		return http.NoBody, 0
	}
	if !e.IsBase64Encoded {
		return io.NopCloser(strings.NewReader(e.Body)), int64(len(e.Body))
	}
	data, err := base64.StdEncoding.DecodeString(e.Body)
	if err != nil {
		return io.NopCloser(broken{fmt.Errorf("decoding the event's body: %w", err)}), -1
	}
	return io.NopCloser(bytes.NewReader(data)), int64(len(data))
}

// broken is a body that cannot be read.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
