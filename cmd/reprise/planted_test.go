package main

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"reprise/shared/access"
)

// hearsay is secrets, and all that was said where none of them may be.
type hearsay struct {
	mu      sync.Mutex
	secrets map[string][]byte
	said    []saying
	config  string // the configuration file of commands; empty: there is none
}

type saying struct {
	where string
	text  []byte
}

// plant makes something a secret from now on.
func (h *hearsay) plant(name string, secret []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.secrets == nil {
		h.secrets = make(map[string][]byte)
	}
	h.secrets[name] = secret
}

// hear keeps what was said.
func (h *hearsay) hear(where string, text []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.said = append(h.said, saying{where, bytes.Clone(text)})
}

// found is where which secret was said, in whatever form, and never the secret itself, and in how many texts it was looked
// for. Receivers may still be called.
func (h *hearsay) found() (all []string, texts int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, secret := range h.secrets {
		for form, dressed := range dresses(secret) {
			for _, s := range h.said {
				if bytes.Contains(s.text, []byte(dressed)) {
					all = append(all, fmt.Sprintf("%s holds %s, %s", access.Redact(s.where), name, form))
				}
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all), len(h.said)
}

// dresses is the forms in which a secret may be said: as it is, by its digits, in base64 wherever in a text it begins, escaped.
func dresses(secret []byte) map[string]string {
	quoted, _ := json.Marshal(string(secret))
	all := map[string]string{
		"as it is": string(secret), "in hexadecimal": hex.EncodeToString(secret), "in HEXADECIMAL": strings.ToUpper(hex.EncodeToString(secret)),
		"in a URL": url.QueryEscape(string(secret)), "in a path": url.PathEscape(string(secret)), "in HTML": html.EscapeString(string(secret)),
		"in JSON": strings.Trim(string(quoted), `"`), "as numbers": strings.Trim(fmt.Sprint(secret), "[]"),
	}
	for shift := range 3 {
		text := append(make([]byte, shift), secret...)
		text = text[:len(text)-len(text)%3] // what is behind it would change the last letters
		for form, code := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			all[fmt.Sprintf("in %s from %d on", form, shift)] = code.EncodeToString(text)[[]int{0, 2, 3}[shift]:]
		}
	}
	return all
}

func TestASecretThatIsSaidIsFoundInEveryForm(t *testing.T) {
	secret := []byte("rpr_/+\"<\xff planted")
	for form, dressed := range dresses(secret) {
		var h hearsay
		h.plant("the secret", secret)
		h.hear("a log", []byte("level=DEBUG msg="+dressed+" x=y"))
		h.hear("another", []byte("nothing"))
		found, _ := h.found()
		if got := strings.Join(found, "; "); !strings.Contains(got, "a log holds the secret, "+form) || strings.Contains(got, "another") {
			t.Errorf("%s: found %q", form, got)
		}
	}
	for n := range 4 { // wherever it begins
		var h hearsay
		h.plant("the secret", secret)
		h.hear("a log", []byte(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", n)+string(secret)+" and more"))))
		if found, _ := h.found(); len(found) == 0 {
			t.Errorf("in base64 after %d bytes: not found", n)
		}
	}
}

// tell runs the command line and hears what it prints; a secret that it is asked for alone may stand on its standard output.
func (h *hearsay) tell(t *testing.T, args ...string) (out string) {
	t.Helper()
	program, err := exec.LookPath("reprise")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), "REPRISE_CONFIG="+cmp.Or(h.config, filepath.Join(t.TempDir(), "none.yaml")))
	var said bytes.Buffer
	cmd.Stderr = &said
	text, _ := cmd.Output() // what is refused is heard as well
	h.hear("standard error of "+strings.Join(args, " "), said.Bytes())
	if !slices.Equal(args[:min(len(args), 2)], []string{"token", "create"}) {
		h.hear("standard output of "+strings.Join(args, " "), text)
	}
	return strings.TrimSpace(string(text))
}

// request is one of a client whose answer is heard, head and body.
type asked struct {
	method, path, token, body string
	header                    []string // name, value, ...
}

func (h *hearsay) ask(v *victim, q asked) (code int) {
	v.t.Helper()
	req, err := newRequest(v, q)
	if err != nil {
		v.t.Fatal(err)
	}
	res, err := asking.Do(req)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	dump, err := httputil.DumpResponse(res, true)
	if err != nil {
		v.t.Fatal(err)
	}
	h.hear(fmt.Sprintf("the answer to %s %s", q.method, q.path), dump)
	return res.StatusCode
}
