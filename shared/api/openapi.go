package api

import (
	_ "embed"
	"net/http"
)

// description is CONTRACT.md for programs. The tests hold every answer to it.
//
//go:embed openapi.yaml
var description []byte

// OpenAPI answers GET /openapi.yaml to everybody, of whatever region: the description of every route there is.
func OpenAPI(door *Door) http.Handler {
	return door.open(func(*http.Request, *caller) (reply, error) {
		return reply{
			status: http.StatusOK,
			kind:   "application/yaml", // RFC 9512
			body:   description,
			header: map[string]string{"Cache-Control": publicCache},
		}, nil
	})
}
