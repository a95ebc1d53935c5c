package egress

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"code.dny.dev/ssrf"
)

// reasons are the refusals of the corpus in the guard's own words.
var reasons = map[string]string{
	"inside":   "must not point inside: its address is not one of the public internet",
	"host":     "must be a valid URL: its host is neither a name nor an IP address in its usual form",
	"url":      "must be a valid URL",
	"ascii":    "must be a valid URL in ASCII: an international host name in punycode",
	"scheme":   "must be an https URL",
	"port":     "must be on port 443",
	"user":     "must not carry a user or a password",
	"fragment": "must not carry a fragment",
	"dot":      "must name its host without a dot at the end",
	"nohost":   "must name a host",
}

// expected is a line of the corpus: reason is empty for an endpoint that is taken.
type expected struct{ url, reason string }

// corpus reads testdata/urls.txt.
func corpus(t testing.TB) (all []expected) {
	text, err := os.ReadFile("testdata/urls.txt")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		var e expected
		verdict, rest, _ := strings.Cut(line, " ")
		if verdict == "refused" {
			var code string
			code, rest, _ = strings.Cut(rest, " ")
			e.reason = reasons[code]
		}
		if e.url = rest; strings.HasPrefix(rest, `"`) {
			if e.url, err = strconv.Unquote(rest); err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
		}
		if (verdict == "taken") == (e.reason != "") || verdict != "taken" && verdict != "refused" {
			t.Fatalf("line %d has no verdict that is known: %s", i+1, line)
		}
		all = append(all, e)
	}
	return all
}

func TestEveryURLOfTheCorpusIsTakenOrRefusedAsItSays(t *testing.T) {
	all := corpus(t)
	if len(all) < 150 {
		t.Errorf("the corpus has %d URLs", len(all))
	}
	for _, e := range all {
		got := ""
		if err := (Guard{}).CheckEndpoint(e.url); err != nil {
			got = err.Error()
		}
		if got != e.reason {
			t.Errorf("%q: endpoint %q, want %q", e.url, got, e.reason)
		}
	}
	t.Logf("corpus: %d URLs", len(all))
}

// The check where it is dialled rests on nothing that CheckEndpoint found: it sees an address alone.
func TestEveryAddressOfTheCorpusIsJudgedTheSameWhereItIsDialled(t *testing.T) {
	dials := Guard{}.control()
	judged := 0
	for _, e := range corpus(t) {
		u, err := url.Parse(e.url)
		if err != nil {
			continue
		}
		addr, err := netip.ParseAddr(u.Hostname())
		if err != nil {
			continue
		}
		inside := e.reason == reasons["inside"]
		if e.reason != "" && !inside && addr.Zone() == "" {
			continue // refused for something beside its address
		}
		judged++
		network := "tcp6"
		if addr.Is4() {
			network = "tcp4"
		}
		err = dials(t.Context(), network, net.JoinHostPort(addr.String(), "443"), nil)
		if inside = inside || addr.Zone() != ""; inside != errors.Is(err, ssrf.ErrProhibitedIP) || !inside && err != nil {
			t.Errorf("%s: %v", e.url, err)
		}
	}
	if judged < 150 {
		t.Errorf("%d addresses", judged)
	}
	t.Logf("corpus: %d addresses where they are dialled", judged)
}
