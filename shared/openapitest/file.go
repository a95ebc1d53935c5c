// Package openapitest holds what is asked of the API to openapi.yaml.
package openapitest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"reprise/shared/api"
	"reprise/shared/console"
	"reprise/shared/replay"
)

// File is openapi.yaml as it is served. It is safe for concurrent use.
type File struct {
	Text []byte
	Doc  *openapi3.T // every $ref resolved
}

// Load reads the file that api.Console serves. One that is no OpenAPI, or has an example that its schema does not allow, is an error.
func Load() (*File, error) {
	w := httptest.NewRecorder()
	door := api.NewDoor(nil, replay.Regions{}, time.Now, func() string { return "openapitest" })
	api.Console(door, console.Page()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.yaml", nil))
	doc, err := openapi3.NewLoader().LoadFromData(w.Body.Bytes())
	if err != nil {
		return nil, fmt.Errorf("reading openapi.yaml: %w", err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	return &File{w.Body.Bytes(), doc}, nil
}

// Exchange is a request with its answer.
type Exchange struct {
	Request *http.Request // its body is not looked at
	Sent    []byte        // the request's body, as much of it as was read
	Status  int
	Header  http.Header // of the answer
	Body    []byte      // of the answer
}

// Check returns what the file does not allow of x: an answer that it does not have in this place or form; a request that was
// answered 2xx, though the file has it otherwise. Unknown members of an answer are such a thing, too. It knows that what no
// operation of the file answers is a 404 or a 405.
func (f *File) Check(x Exchange) error {
	if err := f.check(x); err != nil {
		return fmt.Errorf("%s %s, answered %d %.2000s: openapi.yaml: %w", x.Request.Method, x.Request.URL, x.Status, bytes.TrimSpace(x.Body), err)
	}
	return nil
}

func (f *File) check(x Exchange) error {
	item := f.Doc.Paths.Value(api.Pattern(x.Request.URL.EscapedPath()))
	if item == nil {
		return f.nowhere(x, http.StatusNotFound, nil)
	}
	operation := item.Operations()[x.Request.Method]
	if operation == nil {
		return f.nowhere(x, http.StatusMethodNotAllowed, item)
	}
	answer := operation.Responses.Status(x.Status)
	if answer == nil {
		return fmt.Errorf("%s has no such status", operation.OperationID)
	}
	if err := headers(x.Header, answer.Value.Headers); err != nil {
		return err
	}
	if err := f.answer(x, answer.Value.Content); err != nil {
		return err
	}
	if x.Status/100 != 2 {
		return nil
	}
	if err := f.request(x, item, operation); err != nil {
		return fmt.Errorf("the request was taken: %w", err)
	}
	return nil
}

// nowhere is what the file cannot say of paths and methods that it does not have.
func (f *File) nowhere(x Exchange, status int, item *openapi3.PathItem) error {
	known := openapi3.Headers{"Cache-Control": f.Doc.Components.Headers["NoStore"]}
	switch {
	case x.Status == http.StatusTooManyRequests: // whoever has no room looks at nobody's path
		known = f.Doc.Components.Responses["TooManyRequests"].Value.Headers
	case x.Status != status:
		return fmt.Errorf("it has no such operation: the answer must be %d", status)
	case item != nil:
		var methods []string
		for method := range item.Operations() {
			methods = append(methods, method)
		}
		slices.Sort(methods)
		if got, want := x.Header.Get("Allow"), strings.Join(methods, ", "); got != want {
			return fmt.Errorf("the methods there are %s, Allow has %q", want, got)
		}
		known["Allow"] = &openapi3.HeaderRef{Value: &openapi3.Header{Parameter: openapi3.Parameter{Schema: openapi3.NewSchemaRef("", openapi3.NewStringSchema())}}}
	}
	if err := headers(x.Header, known); err != nil {
		return err
	}
	return f.answer(x, openapi3.NewContentWithSchemaRef(f.Doc.Components.Schemas["Problem"], []string{"application/problem+json"}))
}

// own are the headers of every answer, which are HTTP's and not the contract's.
func own() []string {
	return []string{"Content-Type", "Content-Length", "X-Content-Type-Options", "Date", "Connection", "Transfer-Encoding"}
}

func headers(got http.Header, known openapi3.Headers) error {
	names := own()
	for name := range known {
		names = append(names, http.CanonicalHeaderKey(name))
	}
	for name := range got {
		if !slices.Contains(names, http.CanonicalHeaderKey(name)) {
			return fmt.Errorf("there is no header %s", name)
		}
	}
	for name, header := range known {
		value := got.Get(name)
		if value == "" && !header.Value.Required {
			continue
		}
		if err := visit(header.Value.Schema, value); err != nil {
			return fmt.Errorf("header %s: %w", name, err)
		}
	}
	if got.Get("X-Content-Type-Options") != "nosniff" {
		return fmt.Errorf("header X-Content-Type-Options is %q", got.Get("X-Content-Type-Options"))
	}
	return nil
}

// answer checks the answer's body.
func (f *File) answer(x Exchange, content openapi3.Content) error {
	kind, _, _ := mime.ParseMediaType(x.Header.Get("Content-Type"))
	switch {
	case len(content) == 0 && (kind != "" || len(x.Body) > 0):
		return fmt.Errorf("there is no body, but one of Content-Type %q came", kind)
	case len(content) == 0, x.Request.Method == http.MethodHead && len(x.Body) == 0:
		return nil
	case content[kind] == nil:
		return fmt.Errorf("there is no Content-Type %q", x.Header.Get("Content-Type"))
	case kind == "application/yaml":
		if !bytes.Equal(x.Body, f.Text) {
			return fmt.Errorf("it is another one")
		}
		return nil
	case content[kind].Schema.Value.Type.Is(openapi3.TypeString): // a text
		return allows(content[kind].Schema, string(x.Body), openapi3.VisitAsResponse())
	}
	value, err := decode(x.Body)
	if err != nil {
		return err
	}
	if problem, ok := value.(map[string]any); ok && kind == "application/problem+json" && problem["status"] != float64(x.Status) {
		return fmt.Errorf("the status in the body is %v", problem["status"])
	}
	return allows(content[kind].Schema, value, openapi3.VisitAsResponse())
}

var errDateTime = errors.New("it is no RFC 3339 date-time")

// allows holds a value to its schema. The validator's own rule of a date-time takes leap seconds and no small letters.
func allows(schema *openapi3.SchemaRef, value any, which ...openapi3.SchemaValidationOption) error {
	moment := openapi3.NewCallbackValidator(func(text string) error {
		if _, ok := replay.ParseTime(text); !ok {
			return errDateTime
		}
		return nil
	})
	which = append(which, openapi3.EnableFormatValidation(), openapi3.WithStringFormatValidator("date-time", moment))
	return schema.Value.VisitJSON(value, which...)
}

// decode reads one JSON value, with the numbers that the validator knows.
func decode(text []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err = d.Decode(&value); err != nil {
		return nil, fmt.Errorf("reading %.2000q as JSON: %w", text, err)
	}
	return floats(value), nil
}

// floats makes every number of value a float64, the nearest that there is.
func floats(value any) any {
	switch v := value.(type) {
	case json.Number:
		n, err := v.Float64()
		if err != nil {
			return math.Copysign(math.MaxFloat64, n)
		}
		return n
	case []any:
		for i := range v {
			v[i] = floats(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = floats(v[key])
		}
	}
	return value
}
