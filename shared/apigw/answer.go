package apigw

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// answer is an http.ResponseWriter that keeps what is written.
type answer struct {
	header http.Header
	code   int         // 0 until the head is written
	sent   http.Header // the header as it was then
	body   bytes.Buffer
}

func (w *answer) Header() http.Header { return w.header }

// WriteHeader: as in net/http the first one counts; what comes before the answer proper (1xx) a gateway has no use for.
func (w *answer) WriteHeader(code int) {
	if w.code == 0 && code >= http.StatusOK {
		w.code, w.sent = code, w.header.Clone()
	}
}

func (w *answer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// response is the answer as the gateway takes it. Of a header that comes more than once payload 2.0 has room for one
// value: they are joined, as HTTP allows for all but cookies, which go their own way.
func (w *answer) response(r *http.Request) events.APIGatewayV2HTTPResponse {
	w.WriteHeader(http.StatusOK)
	out := events.APIGatewayV2HTTPResponse{StatusCode: w.code, Headers: make(map[string]string), Cookies: w.sent.Values("Set-Cookie")}
	w.sent.Del("Set-Cookie")
	if w.body.Len() > 0 && w.sent.Get("Content-Type") == "" {
		w.sent.Set("Content-Type", http.DetectContentType(w.body.Bytes()))
	}
	for name, values := range w.sent {
		out.Headers[name] = strings.Join(values, ", ")
	}
	switch {
	case r.Method == http.MethodHead || w.code == http.StatusNoContent || w.code == http.StatusNotModified: // has no body
	case utf8.Valid(w.body.Bytes()):
		out.Body = w.body.String()
	default:
		out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(w.body.Bytes()), true
	}
	return out
}
