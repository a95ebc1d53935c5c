package egress

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"code.dny.dev/ssrf"
)

func TestANameThatResolvesInsideIsRefusedWhereItIsDialled(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Error("somebody connected")
			_ = conn.Close()
		}
	})
	defer func() {
		_ = l.Close()
		serving.Wait()
	}()
	for _, addr := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"} {
		t.Run(addr, func(t *testing.T) {
			client := New(Guard{Ports: []uint16{port}}, "1", time.Now)
			defer client.Close()
			client.dialer.Resolver = names(t, always(addr))
			a := client.Post(t.Context(), to("https://hooks.example.com:"+strconv.Itoa(int(port))), batch([]byte("x")))
			if !errors.Is(a.Err, ssrf.ErrProhibitedIP) || !strings.HasPrefix(a.Message, "endpoint must not point inside") || a.Refused {
				t.Errorf("%+v", a)
			}
		})
	}
}

func TestANameNobodyKnowsIsToldWithoutTheResolversAddress(t *testing.T) {
	client := New(Guard{}, "1", time.Now)
	client.dialer.Resolver = names(t, func(int) answer { return answer{code: noSuchName} })
	a := client.Post(t.Context(), to("https://hooks.example.com/"), batch([]byte("x")))
	if a.Err == nil || a.Message != "the name of the host was not found" {
		t.Errorf("%+v", a)
	}
}

func TestAPortWhereNobodyListensIsToldWithoutAddresses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	a := inside(t).Post(t.Context(), to("http://"+l.Addr().String()), batch([]byte("x")))
	if a.Message != "connect: connection refused" {
		t.Errorf("%+v", a)
	}
}

func TestOnlyAReceiverWithProperTLSIsTaken(t *testing.T) {
	for _, c := range []struct {
		story       string
		max         uint16
		known, skip bool // the authority is known; the webhook wants no verification
		code        int
		want        string
	}{
		{"a certificate of a known authority", tls.VersionTLS13, true, false, 200, "OK"},
		{"TLS 1.2", tls.VersionTLS12, true, false, 200, "OK"},
		{"TLS 1.1", tls.VersionTLS11, true, false, 0, "protocol version"},
		{"TLS 1.1, without verification", tls.VersionTLS11, true, true, 0, "protocol version"},
		{"its own certificate", tls.VersionTLS13, false, false, 0, "certificate signed by unknown authority"},
		{"its own certificate, without verification", tls.VersionTLS13, false, true, 200, "OK"},
	} {
		t.Run(c.story, func(t *testing.T) {
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.ProtoMajor != 1 {
					t.Errorf("came by %s", r.Proto)
				}
			}))
			s.EnableHTTP2 = true
			s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: c.max}
			s.Config.ErrorLog = quiet()
			s.StartTLS()
			defer s.Close()
			client := inside(t)
			defer client.Close()
			if c.known {
				client.strict.TLSClientConfig.RootCAs = x509.NewCertPool()
				client.strict.TLSClientConfig.RootCAs.AddCert(s.Certificate())
			}
			hook := to(s.URL)
			hook.SkipVerify = c.skip
			for range 2 { // what one webhook skips, the next does not
				if a := client.Post(t.Context(), hook, batch([]byte("x"))); a.Code != c.code || !strings.Contains(a.Message, c.want) {
					t.Errorf("%+v", a)
				}
			}
			hook.SkipVerify = false
			if a := client.Post(t.Context(), hook, batch([]byte("x"))); !c.known && a.Code != 0 {
				t.Errorf("one webhook's choice became another's: %+v", a)
			}
		})
	}
}

func TestACertificateOfAnotherHostIsRefused(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it got through") }))
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	defer s.Close()
	client := inside(t)
	client.strict.TLSClientConfig.RootCAs = x509.NewCertPool()
	client.strict.TLSClientConfig.RootCAs.AddCert(s.Certificate())
	client.dialer.Resolver = names(t, always("127.0.0.1"))
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	a := client.Post(t.Context(), to("https://hooks.other.org:"+u.Port()), batch([]byte("x")))
	if a.Code != 0 || !strings.Contains(a.Message, "not hooks.other.org") {
		t.Errorf("%+v", a)
	}
}
