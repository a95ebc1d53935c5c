package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os/exec"
	"strings"
)

// Gate is how containers reach what listens on this machine, whose own network SAM does not give them (its
// --docker-network host joins none, which leaves the bridge).
type Gate struct {
	listen string // the address to listen on
	host   string // what containers call it
	open   []net.Listener
}

// OpenGate finds it: on Linux the bridge's own address, elsewhere the name that Docker Desktop has for this machine.
func OpenGate(ctx context.Context) (*Gate, error) {
	out, err := exec.CommandContext(ctx, "docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}").CombinedOutput()
	if err != nil {
		return nil, &Missing{"Docker", fmt.Errorf("%w: %s", err, out)}
	}
	address := strings.TrimSpace(string(out))
	l, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return &Gate{listen: "127.0.0.1", host: "host.docker.internal"}, nil
	}
	return &Gate{listen: address, host: address}, l.Close()
}

// Listen opens a port that containers reach under the URL.
func (g *Gate) Listen() (l net.Listener, url string, err error) {
	if l, err = net.Listen("tcp", net.JoinHostPort(g.listen, "0")); err != nil {
		return nil, "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return l, "http://" + net.JoinHostPort(g.host, port), err
}

// Servers is the servers as containers reach them: their connections are passed on until Close.
func (g *Gate) Servers(all ...*Server) ([]*Server, error) {
	var outside []*Server
	for _, s := range all {
		to, err := url.Parse(s.URL)
		if err != nil {
			return nil, err
		}
		l, at, err := g.Listen()
		if err != nil {
			return nil, err
		}
		g.open = append(g.open, l)
		go func() {
			for {
				from, err := l.Accept()
				if err != nil {
					return // closed
				}
				go pass(from, to.Host)
			}
		}()
		outside = append(outside, &Server{URL: at})
	}
	return outside, nil
}

// pass carries bytes both ways until one side has said all.
func pass(from net.Conn, address string) {
	defer func() { _ = from.Close() }()
	to, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(to, from)
		_ = to.Close()
	}()
	_, _ = io.Copy(from, to)
}

// Close ends what Servers began; connections end with their sides.
func (g *Gate) Close() error {
	var errs []error
	for _, l := range g.open {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
