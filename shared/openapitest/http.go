package openapitest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
)

// Handler is h, each exchange with which is checked; what Check says against one goes to fail, before the request has ended.
func (f *File) Handler(h http.Handler, fail func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := &copied{ReadCloser: r.Body}
		if r.Body != nil {
			r.Body = sent
		}
		given := &answering{ResponseWriter: w, status: http.StatusOK}
		h.ServeHTTP(given, r)
		if err := f.Check(Exchange{r, sent.kept.Bytes(), given.status, w.Header(), given.kept.Bytes()}); err != nil {
			fail(err)
		}
	})
}

// Transport is next, each exchange through which is checked where it is with the API, whose paths begin with /v and a digit or
// with the page's files, or are the file's own; what Check says against one goes to fail, before the answer is anybody's.
func (f *File) Transport(next http.RoundTripper, fail func(error)) http.RoundTripper {
	return checked{f, next, fail}
}

type checked struct {
	file *File
	next http.RoundTripper
	fail func(error)
}

func (c checked) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := &copied{ReadCloser: r.Body}
	if out := r.Clone(r.Context()); r.Body != nil {
		out.Body, out.GetBody = sent, nil
		r = out
	}
	answer, err := c.next.RoundTrip(r)
	if err != nil || !regexp.MustCompile(`^/v\d|^/console/|^/openapi\.yaml$`).MatchString(r.URL.Path) {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, errors.Join(err, answer.Body.Close())
	}
	_ = answer.Body.Close() // all of it was read
	answer.Body = io.NopCloser(bytes.NewReader(body))
	if err := c.file.Check(Exchange{r, sent.kept.Bytes(), answer.StatusCode, answer.Header, body}); err != nil {
		c.fail(err)
	}
	return answer, nil
}

// copied keeps what is read through it.
type copied struct {
	io.ReadCloser
	kept bytes.Buffer // not embedded: its WriteTo would be taken for the body's
}

func (c *copied) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.kept.Write(p[:n])
	return n, err
}

// answering keeps what is answered through it.
type answering struct {
	http.ResponseWriter
	kept   bytes.Buffer
	status int
}

func (a *answering) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answering) Write(p []byte) (int, error) {
	a.kept.Write(p)
	return a.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }
