package openapitest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"reprise/shared/access"
	"reprise/shared/api"
)

var errNoToken = errors.New("it has no bearer token")

// request checks a request that was taken.
func (f *File) request(x Exchange, item *openapi3.PathItem, operation *openapi3.Operation) error {
	public := operation.Security != nil && len(*operation.Security) == 0
	if !public && api.Caller(x.Request.Header) == (access.Hash{}) {
		return errNoToken
	}
	for _, p := range slices.Concat(item.Parameters, operation.Parameters) {
		if err := parameter(x.Request, p.Value); err != nil {
			return fmt.Errorf("parameter %s: %w", p.Value.Name, err)
		}
	}
	if operation.RequestBody == nil {
		return nil // whatever comes is not looked at
	}
	return f.sent(x, operation.RequestBody.Value.Content)
}

// parameter checks one that the file has. A query's others are passed over, as the service does it. The headers that there are
// have their words in either case; an empty one is none.
func parameter(r *http.Request, p *openapi3.Parameter) error {
	if p.In == openapi3.ParameterInHeader {
		if text := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values(p.Name), ","))); text != "" {
			return visit(p.Schema, text)
		}
		return nil
	}
	if p.In == openapi3.ParameterInPath {
		parts := strings.Split(r.URL.EscapedPath(), "/")
		at := slices.Index(strings.Split(api.Pattern(r.URL.EscapedPath()), "/"), "{"+p.Name+"}")
		return visit(p.Schema, parts[at])
	}
	values := r.URL.Query()[p.Name]
	switch {
	case len(values) > 1:
		return fmt.Errorf("it came %d times", len(values))
	case len(values) == 1:
		return visit(p.Schema, values[0])
	case p.Required:
		return errors.New("it is missing")
	}
	return nil
}

// visit checks the text of a header or a query, which has no type of its own.
func visit(schema *openapi3.SchemaRef, text string) error {
	var value any = text
	if schema.Value.Type.Is(openapi3.TypeInteger) {
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%q is no whole number", text)
		}
		value = float64(n)
	}
	return allows(schema, value)
}

// sent checks the request's body. The service reads a PUT's or PATCH's as JSON, whatever it says that it is.
func (f *File) sent(x Exchange, content openapi3.Content) error {
	kind, _, _ := mime.ParseMediaType(x.Request.Header.Get("Content-Type"))
	if len(content) == 1 {
		kind = "application/json"
	}
	media := content[kind]
	if media == nil {
		return fmt.Errorf("there is no Content-Type %q", x.Request.Header.Get("Content-Type"))
	}
	body, err := plain(x)
	if err != nil {
		return fmt.Errorf("its body: %w", err)
	}
	if kind == "application/json" {
		return matches(media.Schema, body)
	}
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if err := matches(f.Doc.Components.Schemas["Entry"], line); err != nil {
			return err
		}
	}
	return nil
}

func matches(schema *openapi3.SchemaRef, text []byte) error {
	value, err := decode(text)
	if err != nil {
		return err
	}
	return allows(schema, value, openapi3.VisitAsRequest())
}

// plain is the request's body, decoded.
func plain(x Exchange) ([]byte, error) {
	if !strings.Contains(strings.ToLower(x.Request.Header.Get("Content-Encoding")), "gzip") {
		return x.Sent, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(x.Sent))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
