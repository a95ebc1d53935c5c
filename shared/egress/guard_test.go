package egress

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"code.dny.dev/ssrf"
)

// What the refusals below begin with.
const (
	refusedURL    = "must be a valid URL"
	refusedASCII  = "must be a valid URL in ASCII: an international host name in punycode"
	refusedHost   = "must be a valid URL: its host"
	refusedInside = "must not point inside"
)

type endpointStory struct {
	story, endpoint string
	guard           Guard
	want            string // the start of the error; empty: taken
}

func localMode() Guard { return Guard{AllowInside: true, AllowHTTP: true} }

// forms are endpoints that are right or wrong as they are written.
func forms() []endpointStory {
	local := localMode()
	return []endpointStory{
		{"a usual one", "https://hooks.example.com/v1/audit?team=a%20b", Guard{}, ""},
		{"its port said", "https://hooks.example.com:443", Guard{}, ""},
		{"capitals", "HTTPS://Hooks.EXAMPLE.com/", Guard{}, ""},
		{"a public address", "https://8.8.8.8/", Guard{}, ""},
		{"a public IPv6 address", "https://[2606:4700::1111]/", Guard{}, ""},
		{"punycode", "https://xn--bcher-kva.example/", Guard{}, ""},
		{"a digit in the last label", "https://hooks.example.c0m/", Guard{}, ""},
		{"an underscore", "https://audit_hook.example.com/", Guard{}, ""},
		{"nothing", "", Guard{}, refusedURL},
		{"no scheme", "hooks.example.com/x", Guard{}, refusedURL},
		{"a path", "/hooks", Guard{}, refusedURL},
		{"another scheme", "ftp://hooks.example.com/", Guard{}, "must be an https URL"},
		{"a scheme of ours that is no door", "file:///etc/passwd", local, "must be an https or http URL"},
		{"http", "http://hooks.example.com/", Guard{}, "must be an https URL"},
		{"http in local mode", "http://hooks.example.com/", local, ""},
		{"http where only that was allowed", "http://hooks.example.com/", Guard{AllowHTTP: true}, "must be on port 443"},
		{"opaque", "https:hooks.example.com", Guard{}, refusedURL},
		{"no host", "https:///x", Guard{}, "must name a host"},
		{"a port alone", "https://:443/", Guard{}, "must name a host"},
		{"a user", "https://me@hooks.example.com/", Guard{}, "must not carry a user"},
		{"a user to confuse", "https://hooks.example.com:443@127.0.0.1/", Guard{}, "must not carry a user"},
		{"an empty user", "https://@hooks.example.com/", Guard{}, "must not carry a user"},
		{"a fragment", "https://hooks.example.com/#x", Guard{}, "must not carry a fragment"},
		{"an empty fragment", "https://hooks.example.com/#", Guard{}, "must not carry a fragment"},
		{"a space around", " https://hooks.example.com/", Guard{}, refusedURL},
		{"a newline", "https://hooks.example.com/\r\nX: y", Guard{}, refusedURL},
		{"a backslash", `https://hooks.example.com\@127.0.0.1/`, Guard{}, refusedURL},
		{"other letters", "https://bücher.example/", Guard{}, refusedASCII},
		{"digits of another script", "https://１２７.０.０.１/", Guard{}, refusedASCII},
		{"digits in circles, escaped", "https://%E2%91%A0.example/", Guard{}, refusedHost},
		{"an unfinished escape", "https://hooks.example.com/%2", Guard{}, refusedURL},
		{"another port", "https://hooks.example.com:8443/", Guard{}, "must be on port 443"},
		{"one of several ports", "https://hooks.example.com:8443/", Guard{Ports: []uint16{443, 8443}}, ""},
		{"none of several ports", "https://hooks.example.com:22/", Guard{Ports: []uint16{443, 8443}}, "must be on port 443 or 8443"},
		{"a list of no ports is the usual one", "https://hooks.example.com:22/", Guard{Ports: []uint16{}}, "must be on port 443"},
		{"any port in local mode", "http://127.0.0.1:8090/", local, ""},
		{"no number of a port", "https://hooks.example.com:https/", Guard{}, refusedURL},
		{"an empty port", "https://hooks.example.com:/", Guard{}, refusedURL},
		{"port 0", "https://hooks.example.com:0/", local, refusedURL},
		{"a port too high", "https://hooks.example.com:65536/", local, refusedURL},
		{"a dot at the end", "https://hooks.example.com./", Guard{}, "must name its host without a dot"},
		{"an empty label", "https://hooks..example.com/", Guard{}, refusedHost},
		{"a long label", "https://" + strings.Repeat("a", 64) + ".com/", Guard{}, refusedHost},
		{"a long name", "https://" + strings.Repeat("abcdefg.", 32) + "com/", Guard{}, refusedHost},
	}
}

// addresses are endpoints that are right or wrong by where they point.
func addresses() []endpointStory {
	local := localMode()
	return []endpointStory{
		{"loopback", "https://127.0.0.1/", Guard{}, refusedInside},
		{"all addresses", "https://0.0.0.0/", Guard{}, refusedInside},
		{"private", "https://10.1.2.3/", Guard{}, refusedInside},
		{"private too", "https://172.31.0.1/", Guard{}, refusedInside},
		{"at home", "https://192.168.0.1/", Guard{}, refusedInside},
		{"metadata", "https://169.254.169.254/", Guard{}, refusedInside},
		{"CGNAT", "https://100.64.0.1/", Guard{}, refusedInside},
		{"IPv6 loopback", "https://[::1]/", Guard{}, refusedInside},
		{"IPv6 unspecified", "https://[::]/", Guard{}, refusedInside},
		{"link-local", "https://[fe80::1]/", Guard{}, refusedInside},
		{"unique local, AWS's metadata", "https://[fd00:ec2::254]/", Guard{}, refusedInside},
		{"IPv4 in IPv6", "https://[::ffff:127.0.0.1]/", Guard{}, refusedInside},
		{"NAT64", "https://[64:ff9b::7f00:1]/", Guard{}, refusedInside},
		{"6to4", "https://[2002:7f00:1::]/", Guard{}, refusedInside},
		{"a zone", "https://[fe80::1%25eth0]/", local, refusedHost},
		{"loopback in local mode", "https://127.0.0.1/", local, ""},
		{"IPv6 loopback in local mode", "http://[::1]:8090/x", local, ""},
		{"localhost", "https://localhost/", Guard{}, refusedInside},
		{"below localhost", "https://hooks.LocalHost/", Guard{}, refusedInside},
		{"localhost in local mode", "http://localhost:8090/", local, ""},
		{"as one decimal", "https://2130706433/", local, refusedHost},
		{"as one hexadecimal", "https://0x7f000001/", local, refusedHost},
		{"hexadecimal and short", "https://0x7f.1/", local, refusedHost},
		{"as one octal", "https://017700000001/", local, refusedHost},
		{"octal parts", "https://0177.0.0.01/", local, refusedHost},
		{"short", "https://127.1/", local, refusedHost},
		{"five parts", "https://127.0.0.0.1/", local, refusedHost},
		{"a part too high", "https://127.0.0.256/", local, refusedHost},
		{"an empty hexadecimal", "https://1.0x/", local, refusedHost},
		{"a number for a last label", "https://example.1/", Guard{}, refusedHost},
		{"IPv4 in brackets", "https://[127.0.0.1]/", local, "must be a valid URL"},
	}
}

func TestAnEndpointIsRefusedWithTheReasonThatCompletesTheSentence(t *testing.T) {
	for _, c := range append(forms(), addresses()...) {
		t.Run(c.story, func(t *testing.T) {
			err := c.guard.CheckEndpoint(c.endpoint)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("%q: refused: endpoint %v", c.endpoint, err)
			case c.want != "" && err == nil:
				t.Errorf("%q: taken, want: endpoint %s", c.endpoint, c.want)
			case c.want != "" && !strings.HasPrefix(err.Error(), c.want):
				t.Errorf("%q: endpoint %v, want: endpoint %s", c.endpoint, err, c.want)
			}
		})
	}
}

func TestTheDialerAsksAboutEachAddress(t *testing.T) {
	ask := Guard{Ports: []uint16{443, 8443}}.control()
	for _, c := range []struct {
		story, network, address string
		want                    error
	}{
		{"public", "tcp4", "8.8.8.8:443", nil},
		{"public IPv6", "tcp6", "[2606:4700::1111]:8443", nil},
		{"port 80, which the package allows by default", "tcp4", "8.8.8.8:80", ssrf.ErrProhibitedPort},
		{"loopback", "tcp4", "127.0.0.1:443", ssrf.ErrProhibitedIP},
		{"IPv6 loopback", "tcp6", "[::1]:443", ssrf.ErrProhibitedIP},
		{"IPv4 in IPv6", "tcp6", "[::ffff:10.0.0.1]:443", ssrf.ErrProhibitedIP},
		{"NAT64", "tcp6", "[64:ff9b::a9fe:a9fe]:443", ssrf.ErrProhibitedIP},
		{"6to4", "tcp6", "[2002:a9fe:a9fe::]:443", ssrf.ErrProhibitedIP},
		{"a zone", "tcp6", "[2606:4700::1111%eth0]:443", ssrf.ErrProhibitedIP},
		{"metadata", "tcp4", "169.254.169.254:443", ssrf.ErrProhibitedIP},
		{"CGNAT", "tcp4", "100.100.100.200:443", ssrf.ErrProhibitedIP},
		{"a socket file", "unix", "/run/docker.sock", ssrf.ErrProhibitedNetwork},
	} {
		t.Run(c.story, func(t *testing.T) {
			if err := ask(t.Context(), c.network, c.address, nil); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.address, err, c.want)
			}
		})
	}
	if (Guard{AllowInside: true}).control() != nil {
		t.Error("local mode asks")
	}
}

func FuzzCheckEndpoint(f *testing.F) {
	for _, s := range []string{
		"https://hooks.example.com/v1", "https://8.8.8.8:443/?a=b", "https://[::ffff:127.0.0.1]/", "http://2130706433",
		"https://a@b", "https://0x7f.1/", "https://[fe80::1%25eth0]/", "https://%e2%91%a0/", "https://a:/", "//x", "https://LOCALHOST",
	} {
		f.Add(s)
	}
	const apart = 25 // before it draws anything the fuzzer tries all that it is given, some 10 ms each
	for i, e := range corpus(f) {
		if i%apart == 0 {
			f.Add(e.url)
		}
	}
	f.Fuzz(func(t *testing.T, endpoint string) {
		if (Guard{}).CheckEndpoint(endpoint) != nil {
			return
		}
		u, err := url.Parse(endpoint)
		if err != nil {
			t.Fatalf("taken, but %v", err)
		}
		host := strings.ToLower(u.Hostname())
		if u.Scheme != "https" || u.User != nil || u.Fragment != "" || host == "" || host == "localhost" {
			t.Errorf("taken: %+v", u)
		}
		if p := u.Port(); p != "" && strings.TrimLeft(p, "0") != "443" {
			t.Errorf("port %s was taken", p)
		}
		if (Guard{AllowInside: true, AllowHTTP: true}).CheckEndpoint(endpoint) != nil {
			t.Error("local mode refuses what production takes")
		}
		addr, err := netip.ParseAddr(host)
		if err != nil {
			if strings.Trim(host, "0123456789.") == "" {
				t.Errorf("%s is neither a name nor an address", host)
			}
			return
		}
		if err := ssrf.New(ssrf.WithAnyPort()).SafeAddr(addr); err != nil {
			t.Error(err)
		}
	})
}
