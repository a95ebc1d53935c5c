package egress

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"code.dny.dev/ssrf"

	"reprise/shared/webhook"
)

// maxMessage is how long an answer's Message may be, in bytes: it is a cell of a table and a field of a log line.
const maxMessage = 200

// failed is the answer that did not come.
func failed(err error, secret webhook.Secret) webhook.Answer {
	said, ok := redact(printable(words(err)), secret)
	if !ok {
		said = "no answer that may be shown"
	}
	f := failure{short(said), err}
	return webhook.Answer{Message: f.words, Err: f}
}

// failure is an error in words that anybody may read. What net/http says may hold bytes of the receiver's, and addresses of ours.
type failure struct {
	words string
	cause error
}

func (f failure) Error() string { return f.words }

func (f failure) Unwrap() error { return f.cause }

// words says what happened to somebody who knows the receiver, but not our network.
func words(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, errTimeout):
		return errTimeout.Error()
	case errors.Is(err, context.Canceled):
		return "the POST was broken off on our side"
	case errors.As(err, &dns) && dns.IsNotFound:
		return "the name of the host was not found"
	case errors.As(err, &dns):
		return "the name of the host could not be resolved"
	case errors.Is(err, ssrf.ErrProhibitedIP):
		return "endpoint " + errInside.Error()
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		return "the connection was closed before an answer came"
	}
	// An OpError names both ends of a connection, ours included.
	for op := (*net.OpError)(nil); errors.As(err, &op); {
		err = op.Err
	}
	return strings.TrimPrefix(err.Error(), "net/http: HTTP/1.x transport connection broken: ")
}

// message is a status in words, then the start of the answer's body, unless the authorization is hidden in it.
func message(code int, body []byte, secret webhook.Secret) string {
	status := http.StatusText(code)
	said, ok := redact(printable(string(body)), secret)
	if !ok {
		said = ""
	}
	switch {
	case status == "" || said == "":
		return short(status + said)
	case said == status: // as servers say that have nothing to add
		return status
	}
	return short(status + ": " + said)
}

// printable is s on one line, without what a terminal or a log would take for an order.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// short is the start of s, at most maxMessage bytes, whole characters.
func short(s string) string {
	if len(s) <= maxMessage {
		return s
	}
	end := maxMessage
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}
