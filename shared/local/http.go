package local

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	// maxInFlight is how many requests are answered at once, the ones whose bodies are on their way aside; one more gets
	// a 429 (CONTRACT.md §1).
	maxInFlight = 1000
	// answerTime is how long one request may take, as on AWS, where the gateway gives up after 30 s (DESIGN.md §6).
	answerTime = 28 * time.Second
)

// answer takes requests until ctx has ended and after is closed, then lets those in hand finish.
func answer(ctx context.Context, after <-chan struct{}, c Config, listener net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler: h,
		// A slow client holds a connection, not a function: on AWS the gateway buffers the request before anybody is woken.
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       answerTime,
		WriteTimeout:      answerTime + 2*time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10, // the gateway's limit is 10 KB (CONTRACT.md §1)
		// Else OPTIONS * would be answered by net/http, and not in the contract's form.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(slog.Default().Handler(), slog.LevelDebug),
	}
	if c.Ready != nil {
		c.Ready(listener.Addr().String())
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving on %s: %w", c.Address, err)
	case <-ctx.Done():
		<-after
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	defer cancel()
	if err := server.Shutdown(last); err != nil {
		_ = server.Close()
		return fmt.Errorf("finishing the requests in hand: %w", err)
	}
	return nil
}

// healthz answers GET /healthz: whether the store can be read.
func healthz(check func(context.Context) error, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" || r.Method != http.MethodGet {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if err := check(r.Context()); err != nil {
			slog.ErrorContext(r.Context(), "healthz", "err", err)
			http.Error(w, "the store cannot be read", http.StatusServiceUnavailable)
			return
		}
		_, _ = fmt.Fprintln(w, "ok")
	})
}
