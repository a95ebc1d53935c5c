package egress

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
)

// What a DNS server may answer instead of addresses (RFC 1035 §4.1.1).
const (
	serverFailure = 2
	noSuchName    = 3
)

// answer is what a DNS server says of a name: the names that it is another word for, one after the other, then addresses.
type answer struct {
	code    byte
	aliases []string
	addrs   []string
}

// always is a name that never leads anywhere else.
func always(addrs ...string) func(int) answer {
	return func(int) answer { return answer{addrs: addrs} }
}

// names is a DNS server that says the same of every name; n counts, from 1, how often a name was looked up.
func names(t *testing.T, says func(n int) answer) *net.Resolver {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		asked := make(map[string]int)
		for packet := make([]byte, 512); ; {
			n, from, err := conn.ReadFrom(packet)
			if err != nil {
				return
			}
			if end := question(packet[:n]); end > 0 {
				what := string(packet[12:end]) // a lookup is two questions: for IPv4, for IPv6
				asked[what]++
				_, _ = conn.WriteTo(says(asked[what]).message(packet[:end]), from)
			}
		}
	})
	t.Cleanup(func() {
		_ = conn.Close()
		serving.Wait()
	})
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// question is where the one question of a query ends; 0 where there is none.
func question(query []byte) (end int) {
	end = 12
	for end < len(query) && query[end] != 0 {
		end += int(query[end]) + 1
	}
	if end += 5; end > len(query) {
		return 0
	}
	return end
}

// message is the answer to a query as it goes over the wire (RFC 1035 §4).
func (a answer) message(query []byte) []byte {
	const ipv4, alias, ipv6 = 1, 5, 28
	m := append([]byte(nil), query...)
	m[2], m[3] = 0x84, a.code // an answer, authoritative
	copy(m[4:12], []byte{0, 1, 0, 0, 0, 0, 0, 0})
	owner := []byte{0xc0, 12} // the name of the question
	add := func(kind byte, data []byte) {
		m[7]++
		m = append(append(m, owner...), 0, kind, 0, 1, 0, 0, 0, 0, 0, byte(len(data)))
		m = append(m, data...)
	}
	for _, name := range a.aliases {
		var labels []byte
		for label := range strings.SplitSeq(name, ".") {
			labels = append(append(labels, byte(len(label))), label...)
		}
		labels = append(labels, 0)
		add(alias, labels)
		owner = labels
	}
	for _, text := range a.addrs {
		addr := netip.MustParseAddr(text)
		switch kind := binary.BigEndian.Uint16(query[len(query)-4:]); {
		case kind == ipv4 && addr.Is4():
			add(ipv4, addr.AsSlice())
		case kind == ipv6 && addr.Is6():
			add(ipv6, addr.AsSlice())
		}
	}
	return m
}
