package egress

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// Guard says where a webhook may point (CONTRACT.md §4). The zero Guard is the one for production: https, port 443,
// no address inside.
type Guard struct {
	AllowInside bool     // local mode alone: loopback and private addresses, too
	AllowHTTP   bool     // local mode alone: http beside https
	Ports       []uint16 // a setting (ParsePorts); nil: 443 only; with AllowInside any port
}

// ParsePorts reads Guard.Ports from text such as "443,8443"; nothing is nil. Its error completes the sentence "--webhook-ports: ...".
func ParsePorts(s string) (ports []uint16, err error) {
	if s == "" {
		return nil, nil
	}
	for text := range strings.SplitSeq(s, ",") {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || port == 0 {
			return nil, fmt.Errorf("must be numbers from 1 to 65535 with commas between, not %q", s)
		}
		ports = append(ports, uint16(port))
	}
	return ports, nil
}

// httpsPort is the one port that is allowed where nothing else was said.
const httpsPort = 443

// CheckEndpoint returns nil for an endpoint that would be dialled as far as can be told without asking the network,
// else an error that completes the sentence "endpoint ...". What a name resolves to is checked where it is dialled:
// it may be another address by then.
func (g Guard) CheckEndpoint(endpoint string) error {
	_, err := g.parse(endpoint)
	return err
}

// parse is CheckEndpoint that keeps what it read.
func (g Guard) parse(endpoint string) (*url.URL, error) {
	// Parsers that disagree are how a check is got round: what RFC 3986 §2 does not know is refused before anybody guesses.
	if strings.ContainsFunc(endpoint, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) }) {
		return nil, errURL
	}
	if strings.ContainsFunc(endpoint, func(r rune) bool { return r > 0x7f }) {
		return nil, errASCII
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme == "" || u.Opaque != "" {
		return nil, errURL
	}
	switch {
	case u.Scheme != "https" && !(g.AllowHTTP && u.Scheme == "http"):
		if g.AllowHTTP {
			return nil, errors.New("must be an https or http URL")
		}
		return nil, errors.New("must be an https URL")
	case u.User != nil:
		return nil, errors.New("must not carry a user or a password")
	case strings.Contains(endpoint, "#"):
		return nil, errors.New("must not carry a fragment")
	case u.Hostname() == "":
		return nil, errors.New("must name a host")
	}
	if err := g.checkPort(u); err != nil {
		return nil, err
	}
	return u, g.checkHost(u)
}

// The answers that more than one check gives.
var (
	errURL    = errors.New("must be a valid URL")
	errASCII  = errors.New("must be a valid URL in ASCII: an international host name in punycode")
	errHost   = errors.New("must be a valid URL: its host is neither a name nor an IP address in its usual form")
	errInside = errors.New("must not point inside: its address is not one of the public internet")
)

func (g Guard) checkPort(u *url.URL) error {
	port := uint64(httpsPort)
	switch {
	case u.Port() != "":
		var err error
		if port, err = strconv.ParseUint(u.Port(), 10, 16); err != nil || port == 0 {
			return errURL
		}
	case strings.HasSuffix(u.Host, ":"):
		return errURL
	case u.Scheme == "http":
		port = 80
	}
	allowed := g.ports()
	if len(allowed) == 0 {
		return nil
	}
	names := make([]string, len(allowed))
	for i, p := range allowed {
		if uint64(p) == port {
			return nil
		}
		names[i] = strconv.Itoa(int(p))
	}
	return fmt.Errorf("must be on port %s", strings.Join(names, " or "))
}

// ports is what may be dialled; empty is any.
func (g Guard) ports() []uint16 {
	if len(g.Ports) == 0 && !g.AllowInside {
		return []uint16{httpsPort}
	}
	return g.Ports
}

func (g Guard) checkHost(u *url.URL) error {
	host := strings.ToLower(u.Hostname())
	if strings.HasPrefix(u.Host, "[") {
		addr, err := netip.ParseAddr(host)
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return errHost
		}
		return g.checkLiteral(addr)
	}
	if err := checkName(host); err != nil {
		return err
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return g.checkLiteral(addr)
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	if endsInNumber(last) {
		// 2130706433, 0x7f.1, 017700000001: some resolvers read these as addresses, so they are not names.
		return errHost
	}
	if !g.AllowInside && namedInside(host, last) {
		return errInside
	}
	return nil
}

// namedInside reports whether a name can lead nowhere but inside: to this machine (RFC 6761 §6.3), to the link (RFC 6762 §3), to
// a home (RFC 8375), to a network's own (ICANN's .internal, where clouds have their metadata). It spares a customer the wait;
// what holds is the check of the address.
func namedInside(host, last string) bool {
	return last == "localhost" || last == "local" || last == "internal" || host == "home.arpa" || strings.HasSuffix(host, ".home.arpa")
}

func (g Guard) checkLiteral(addr netip.Addr) error {
	if !g.AllowInside && g.guardian().SafeAddr(addr) != nil {
		return errInside
	}
	return nil
}

// checkName holds a host to the form of a DNS name: letters, digits, hyphens, underscores (RFC 1123 §2.1; underscores are
// seen in practice), labels of at most 63 bytes, 253 in all (RFC 1035 §2.3.4).
func checkName(host string) error {
	if len(host) > 253 {
		return errHost
	}
	if strings.HasSuffix(host, ".") {
		return errors.New("must name its host without a dot at the end")
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}) {
			return errHost
		}
	}
	return nil
}

// endsInNumber is the URL Standard's rule for hosts that are meant as IPv4 addresses
// (https://url.spec.whatwg.org/#ends-in-a-number-checker): the last label is decimal, octal or hexadecimal.
func endsInNumber(label string) bool {
	digits, set := label, "0123456789"
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		digits, set = hex, "0123456789abcdef"
	}
	return strings.Trim(digits, set) == ""
}

// azure is where Azure's machines reach their host (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16):
// the one metadata service whose address is of no special range.
const azure = "168.63.129.16/32"

func (g Guard) guardian() *ssrf.Guardian {
	// By default the package would allow port 80, too; no port would mean any.
	return ssrf.New(ssrf.WithPorts(g.ports()...), ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix(azure)))
}

// control is what the dialer asks about each address right before it connects; nil is no questions.
func (g Guard) control() func(context.Context, string, string, syscall.RawConn) error {
	if g.AllowInside {
		return nil
	}
	guardian := g.guardian()
	return func(_ context.Context, network, address string, c syscall.RawConn) error {
		return guardian.Safe(network, address, c)
	}
}
