package apigw_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"reprise/shared/access"
	"reprise/shared/api"
	"reprise/shared/auditlog"
)

// refused is a 400 with what is wrong.
func refused(detail string, invalid ...string) string {
	return problem("400", "Bad Request", detail, invalid...)
}

func field(name, rule, reason string) string {
	if rule != "" {
		rule = `"rule":"` + rule + `",`
	}
	return `{"field":"` + name + `",` + rule + `"reason":"` + reason + `"}`
}

// rules is each row of CONTRACT.md §1's table of errors that refusals has not to the letter.
func rules() map[string]row {
	put := func(body string) request { return ask("PUT", jobPath, body) }
	patch := func(body string) request { return ask("PATCH", hookPath, body) }
	post := func(body string) request { return ask("POST", logPath, body, ndjson) }
	long := strings.Repeat("é", 60)
	var many, shown []string
	for i := range 25 {
		many = append(many, fmt.Sprintf(`"p%d":1`, i))
		shown = append(shown, field(fmt.Sprintf("p%d", i), "unknown_property", "is not a property of a webhook"))
	}
	return map[string]row{
		"a revoked token":            {request{"GET", jobPath, []string{host, bearer("revoked")}, ""}, 401, problem("401", "Unauthorized", "Unauthorized")},
		"both times missing":         {put(`{}`), 400, refused("Required field missing", field("start_at", "required", "cannot be blank"), field("end_at", "required", "cannot be blank"))},
		"a time that is blank":       {put(window("", good)), 400, refused("Required field missing", field("start_at", "required", "cannot be blank"))},
		"a time that is null":        {put(`{"start_at":null,"end_at":"` + good + `"}`), 400, refused("Required field missing", field("start_at", "required", "cannot be blank"))},
		"both times wrong":           {put(window("2026-03-08", "12:00")), 400, refused("Invalid date-time", field("start_at", "is_date_time", "must be an RFC 3339 date-time"), field("end_at", "is_date_time", "must be an RFC 3339 date-time"))},
		"the end before the start":   {put(window(good, "2026-03-08T10:59:59.999Z")), 400, refused("Invalid time range", field("start_at", "invalid", "must not be after end_at"))},
		"the end in the future":      {put(window(good, "2026-03-08T12:01:00.001Z")), 400, refused("Invalid time range", field("end_at", "invalid", "must not be in the future"))},
		"an endpoint that is no URL": {patch(`{"endpoint":"::"}`), 400, refused("Invalid endpoint", field("endpoint", "", "must be a valid URL"))},
		"an endpoint by http":        {patch(`{"endpoint":"http://logs.example"}`), 400, refused("Invalid endpoint", field("endpoint", "", "must be an https URL"))},
		"an endpoint inside":         {patch(`{"endpoint":"https://127.0.0.1"}`), 400, refused("Invalid endpoint", field("endpoint", "", "must not point inside: its address is not one of the public internet"))},
		"an endpoint that is blank":  {patch(`{"endpoint":" "}`), 400, refused("Required field missing", field("endpoint", "required", "cannot be blank"))},
		"a long name":                {patch(`{"` + long + `":1}`), 400, refused("Unknown property", field(strings.Repeat("é", 48)+"…", "unknown_property", "is not a property of a webhook"))},
		"many names":                 {patch("{" + strings.Join(many, ",") + "}"), 400, refused("Unknown property", shown[:20]...)},
		"an authorization with a line's end": {
			patch(`{"authorization":"a\r\nX: y"}`), 400, refused("Invalid parameter", field("authorization", "invalid", "must not hold control characters")),
		},
		"a log_format that there is not": {
			patch(`{"log_format":"xml"}`), 400, refused("Invalid parameter", field("log_format", "invalid", "must be one of cef, json, cps")),
		},
		"enabled without an authorization": {
			request{"PATCH", hookPath, []string{"Host: eu.api.example.com", bearer("admin")}, `{"enabled":true,"endpoint":"https://logs.example"}`},
			400,
			refused("Required field missing", field("authorization", "required", "cannot be blank")),
		},
		"an entry without its name": {
			post(entry + "\n" + `{"event_class_id":"c","rt":1772967600000}`), 400, refused("Invalid entry", field("line 2: name", "required", "cannot be blank")),
		},
		"an entry in an array": {
			ask("POST", logPath, `[`+entry+`,{"event_class_id":"c","name":"Ingress","rt":1772967600000,"org_id":"other"}]`, "Content-Type: application/json"), 400,
			refused("Invalid entry", field("line 2: org_id", "invalid", "must be the organization of the token")),
		},
		"two Content-Types": {
			ask("POST", logPath, entry, ndjson, "Content-Type: text/plain"), 415, problem("415", "Unsupported Media Type", "Content-Type must be application/x-ndjson or application/json"),
		},
		"the same Content-Type twice": {
			ask("POST", logPath, entry, ndjson, ndjson), 415, problem("415", "Unsupported Media Type", "Content-Type must be application/x-ndjson or application/json"),
		},
	}
}

// types is every type that JSON has, by an example.
func types() map[string]string {
	return map[string]string{
		"a string": `"x"`, "an empty string": `""`, "a number": `1`, "nought": `0`, "a long number": `123456789012345678901234567890`, "a fraction": `1.5e-3`, "true": `true`, "false": `false`,
		"an array": `[]`, "an array of one": `["x"]`, "an object": `{}`, "an object of one": `{"a":"b"}`, "a string of a number": `"1"`, "a string of a truth": `"true"`,
	}
}

// ofEveryType is each member of the two bodies with a value of every type but its own. Null is as good as not given.
func ofEveryType() map[string]row {
	malformed := refused("Could not parse request body", shape)
	const kept = `{"endpoint":"https://logs.example","enabled":true,"log_format":"json","skip_ssl_verification":false,"updated_at":"2026-03-08T12:00:00Z"}`
	rows := make(map[string]row)
	for member, own := range map[string]string{"endpoint": "string", "authorization": "string", "log_format": "string", "enabled": "truth", "skip_ssl_verification": "truth"} {
		for name, value := range types() {
			kind := "other"
			switch value[0] {
			case '"':
				kind = "string"
			case 't', 'f':
				kind = "truth"
			}
			if kind != own {
				rows["PATCH "+member+": "+name] = row{ask("PATCH", hookPath, `{"`+member+`":`+value+`}`), 400, malformed}
			}
		}
		rows["PATCH "+member+": null"] = row{ask("PATCH", hookPath, `{"`+member+`":null}`), 200, kept}
		rows["PATCH "+member+": twice"] = row{ask("PATCH", hookPath, `{"`+member+`":null,"`+member+`":null}`), 400, malformed}
	}
	for name, value := range types() {
		if value[0] != '"' {
			rows["PUT start_at: "+name] = row{ask("PUT", jobPath, `{"start_at":`+value+`,"end_at":"`+good+`"}`), 400, malformed}
			rows["PUT end_at: "+name] = row{ask("PUT", jobPath, `{"start_at":"`+good+`","end_at":`+value+`}`), 400, malformed}
		}
		if !strings.HasPrefix(name, "an object") {
			rows["a PATCH that is "+name] = row{ask("PATCH", hookPath, value), 400, malformed}
			rows["a PUT that is "+name] = row{ask("PUT", jobPath, value), 400, malformed}
		}
	}
	for name, body := range map[string]string{
		"null": "null", "nothing": "", "a blank": " ", "two objects": "{}{}", "an object and more": "{} x", "no end": `{"enabled":`, "a comma too many": `{"enabled":true,}`,
		"other quotes": `{'enabled':true}`, "no quotes": `{enabled:true}`, "a comment": `{/* */}`, "NaN": `{"enabled":NaN}`, "a byte order mark": "\ufeff{}", "a form": "enabled=true",
		"XML": "<a/>", "depth": strings.Repeat("[", 20_000), "a lone surrogate that is not escaped": "{\"a\":\"\xed\xa0\x80\"}", "NUL": "\x00", "a control character": "{\"a\":\"\x01\"}",
	} {
		rows["a PATCH of "+name] = row{ask("PATCH", hookPath, body), 400, malformed}
		rows["a PUT of "+name] = row{ask("PUT", jobPath, body), 400, malformed}
	}
	return rows
}

// faulty is keys that cannot be read; an error that is nil is a panic.
type faulty struct{ err error }

func (f faulty) PublicKeys(context.Context) ([]auditlog.PublicKey, error) {
	if f.err == nil {
		panic("secret of the inside")
	}
	return nil, f.err
}

// unread is tokens that cannot be read.
type unread struct{}

func (unread) Token(context.Context, access.Hash) (access.Token, error) {
	return access.Token{}, errors.New("secret of the inside")
}

func TestAFaultOfOursIsAnsweredAlikeAndTellsNothing(t *testing.T) {
	door := api.NewDoor(unread{}, regions(), clock, func() string { return "TRACE" })
	ours := answered{500, problemHead("113"), problem("500", "Internal Server Error", "Internal Server Error") + "\n"}
	late := answered{503, problemHead("115"), problem("503", "Service Unavailable", "The request took too long") + "\n"}
	busy := answered{429, problemHead("105"), problem("429", "Too Many Requests", "Too many requests") + "\n"}
	busy.header["Retry-After"] = "1"
	keys, entries := request{"GET", jwksPath, []string{host}, ""}, ask("POST", logPath, "", ndjson)
	for name, c := range map[string]struct {
		request
		handler http.Handler
		want    answered
	}{
		"an error":           {keys, api.JWKS(door, faulty{errors.New("secret of the inside")}), ours},
		"a panic":            {keys, api.JWKS(door, faulty{}), ours},
		"a full disk":        {keys, api.JWKS(door, faulty{errors.New("disk full")}), ours},
		"time that ran out":  {keys, api.JWKS(door, faulty{fmt.Errorf("secret of the inside: %w", context.DeadlineExceeded)}), late},
		"tokens unread":      {entries, api.Intake(door, nil), ours},
		"too many in flight": {keys, api.Busy(door), busy}, // the local server alone; before a function the gateway counts
	} {
		t.Run(name, func(t *testing.T) {
			all := map[string]http.Handler{"jwks": c.handler, "intake": c.handler}
			alike(t, c.local(t, all), c.gateway(t, all), c.want)
		})
	}
}

// problemHead is the header of a problem whose body has that length.
func problemHead(length string) map[string]string {
	return map[string]string{"Content-Type": "application/problem+json", "Content-Length": length, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
}

func TestEveryRefusalHasTheHeadOfAProblem(t *testing.T) {
	key := newKey(t)
	for name, row := range refusals() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := row.gateway(t, handlers(t, key)) // as the local server's: TestBothDoorsAnswerAlike
			want := problemHead(fmt.Sprint(len(got.body)))
			if row.method == http.MethodHead {
				want["Content-Length"] = "107" // of what a GET would get
			}
			for _, more := range []struct {
				code        int
				name, value string
			}{{401, "Www-Authenticate", "Bearer"}, {405, "Allow", got.header["Allow"]}} {
				if row.code == more.code {
					want[more.name] = more.value
				}
			}
			if strings.HasPrefix(got.body, `{"status":415`) && strings.Contains(got.body, "Encoding") {
				want["Accept-Encoding"] = "gzip"
			}
			alike(t, got, answered{row.code, want, got.body})
		})
	}
}
