package receiver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"reprise/shared/auditlog"
)

// JWKS is where keys are published.
type JWKS struct{ URL string }

const (
	keysTime = 10 * time.Second // to fetch a JWKS
	maxJWKS  = 1 << 20          // bytes of it: some 8,000 keys
)

// Keys fetches the keys, within 10 s. Any answer but a 200 with a JWKS is an error.
func (j JWKS) Keys(ctx context.Context) ([]auditlog.PublicKey, error) {
	ctx, cancel := context.WithTimeout(ctx, keysTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, j.URL, nil)
	if err != nil {
		return nil, fmt.Errorf("fetching the keys: %w", err)
	}
	req.Close = true // it is seldom: no connection is kept for it
	resp, err := new(http.Client).Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetching the keys: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetching the keys: %s answered %s", j.URL, resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxJWKS))
	if err != nil {
		return nil, fmt.Errorf("fetching the keys: %w", err)
	}
	keys, err := auditlog.ParseJWKS(body)
	if err != nil {
		return nil, fmt.Errorf("fetching the keys: %s: %w", j.URL, err)
	}
	return keys, nil
}

// keysEvery is how often at most the keys are asked for: a wrong signature must not make every line a request.
const keysEvery = 5 * time.Second

// keyring remembers the keys. Whoever needs them while they are fetched waits for the one who fetches.
type keyring struct {
	fetch func(context.Context) ([]auditlog.PublicKey, error)
	now   func() time.Time

	mu    sync.Mutex
	asked time.Time
	keys  []auditlog.PublicKey // of the last time that it worked
	err   error                // why there are none yet
}

// get is the keys as they are known, fetched if there were never any.
func (k *keyring) get(ctx context.Context) ([]auditlog.PublicKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.ask(ctx)
	}
	if k.keys == nil {
		return nil, k.err
	}
	return k.keys, nil
}

// again is the keys as they are now; fresh is whether they were fetched just now.
func (k *keyring) again(ctx context.Context) (keys []auditlog.PublicKey, fresh bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	fresh = k.ask(ctx)
	return k.keys, fresh
}

// ask fetches, unless somebody did a moment ago.
func (k *keyring) ask(ctx context.Context) bool {
	if now := k.now(); !k.asked.IsZero() && now.Sub(k.asked) < keysEvery {
		return false
	}
	// The keys are for everybody: that the one sender left who happened to be first must not stand for 5 s.
	keys, err := k.fetch(context.WithoutCancel(ctx))
	k.asked = k.now()
	if err != nil {
		k.err = err
		return false
	}
	k.keys = append([]auditlog.PublicKey{}, keys...) // not nil, even where there are none
	return true
}
