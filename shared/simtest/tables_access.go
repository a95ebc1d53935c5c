package simtest

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"time"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// hookRow is a scope's one webhook.
type hookRow struct {
	webhook.Config
	by string // the write that it is from
}

// hook is the scope's row, of Version 0 where there is none.
func (t *Tables) hook(at replay.Scope) hookRow {
	if row, ok := t.hooks[at]; ok {
		return row
	}
	return hookRow{Config: webhook.Config{Scope: at}}
}

// Webhook is what was configured; see deliver.Webhooks.
func (s *Store) Webhook(ctx context.Context, at replay.Scope) (webhook.Config, error) {
	return read(ctx, s, "Webhook", func(t *Tables) (webhook.Config, error) { return t.hook(at).Config, nil })
}

// SaveWebhook stores c over the version before it; see api.Configs.
func (s *Store) SaveWebhook(ctx context.Context, c webhook.Config) error {
	return s.write(ctx, "SaveWebhook", func(t *Tables, m mark) error {
		row := t.hook(c.Scope)
		switch {
		case row.by == m.by:
			return nil
		case row.Version != c.Version-1:
			return fmt.Errorf("version %d is stored, for version %d: %w", row.Version, c.Version, replay.ErrConflict)
		}
		c.UpdatedAt, c.Last.At = stamp(c.UpdatedAt), stamp(c.Last.At)
		t.hooks[c.Scope] = hookRow{c, m.by}
		return nil
	})
}

// Attempted stores the attempt unless a later one is there, and turns the webhook off if off says so; see deliver.Webhooks.
func (s *Store) Attempted(ctx context.Context, c webhook.Config, a webhook.Attempt, off bool) error {
	return s.write(ctx, "Attempted", func(t *Tables, m mark) error {
		row := t.hook(c.Scope)
		a.At = stamp(a.At)
		if row.Version == 0 || row.Version != c.Version || !off && row.Last.At.After(a.At) {
			return nil
		}
		if off {
			row.Version, row.Enabled, row.Gone = row.Version+1, false, true
		}
		row.Last, row.by = a, m.by
		t.hooks[c.Scope] = row
		return nil
	})
}

// SaveToken stores the token under its hash, unless it is there already; see storetest.Desk.
func (s *Store) SaveToken(ctx context.Context, token access.Token) error {
	return s.write(ctx, "SaveToken", func(t *Tables, _ mark) error {
		token.Made, token.Expires, token.Revoked = stamp(token.Made), stamp(token.Expires), stamp(token.Revoked)
		if _, ok := t.tokens[token.Hash]; !ok {
			t.tokens[token.Hash] = token
		}
		return nil
	})
}

// RevokeToken makes at the time since when the token is revoked, unless an earlier one is there; see storetest.Desk.
func (s *Store) RevokeToken(ctx context.Context, h access.Hash, at time.Time) error {
	return s.write(ctx, "RevokeToken", func(t *Tables, _ mark) error {
		token, ok := t.tokens[h]
		if !ok {
			return replay.ErrNotFound
		}
		if token.Revoked.IsZero() {
			token.Revoked = stamp(at)
			t.tokens[h] = token
		}
		return nil
	})
}

// TokensOf is every token of the organization; see storetest.Desk.
func (s *Store) TokensOf(ctx context.Context, org string) ([]access.Token, error) {
	return read(ctx, s, "TokensOf", func(t *Tables) (all []access.Token, _ error) {
		for _, token := range t.tokens {
			if token.Org == org {
				all = append(all, token)
			}
		}
		slices.SortFunc(all, access.Older)
		return all, nil
	})
}

// Token is the token under that hash; see api.Tokens.
func (s *Store) Token(ctx context.Context, h access.Hash) (access.Token, error) {
	return read(ctx, s, "Token", func(t *Tables) (access.Token, error) {
		token, ok := t.tokens[h]
		if !ok {
			return access.Token{}, replay.ErrNotFound
		}
		return token, nil
	})
}

// AddKey makes k the current signing key, unless it is there already; see storetest.Desk.
func (s *Store) AddKey(ctx context.Context, k auditlog.Key) error {
	return s.write(ctx, "AddKey", func(t *Tables, _ mark) error {
		if len(k.Private) != ed25519.PrivateKeySize {
			return fmt.Errorf("a private key has %d bytes, this one %d", ed25519.PrivateKeySize, len(k.Private))
		}
		if !slices.ContainsFunc(t.keys, func(old auditlog.Key) bool { return old.ID == k.ID }) {
			k.Made, k.Private = stamp(k.Made), slices.Clone(k.Private)
			t.keys = append(t.keys, k)
		}
		return nil
	})
}

// SigningKey is the key that was added last; see intake.Keys.
func (s *Store) SigningKey(ctx context.Context) (auditlog.Key, error) {
	return read(ctx, s, "SigningKey", func(t *Tables) (auditlog.Key, error) {
		if len(t.keys) == 0 {
			return auditlog.Key{}, replay.ErrNotFound
		}
		k := t.keys[len(t.keys)-1]
		k.Private = slices.Clone(k.Private)
		return k, nil
	})
}

// PublicKeys is the current signing key, then the retired ones, newest first; see api.PublicKeys.
func (s *Store) PublicKeys(ctx context.Context) ([]auditlog.PublicKey, error) {
	return read(ctx, s, "PublicKeys", func(t *Tables) (keys []auditlog.PublicKey, _ error) {
		for _, k := range slices.Backward(t.keys) {
			keys = append(keys, k.Public())
		}
		return keys, nil
	})
}
