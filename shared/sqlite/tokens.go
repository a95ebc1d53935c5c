package sqlite

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

	"reprise/shared/access"
	"reprise/shared/replay"
)

// SaveToken stores the token under its hash, unless it is there already; see storetest.Desk.
func (s *Store) SaveToken(ctx context.Context, t access.Token) error {
	err := s.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		_, err := exec(conn, `
			INSERT INTO tokens VALUES (:hash, :org, :label, :role, :made_at, :expires_at, :revoked_at) ON CONFLICT (hash) DO NOTHING`,
			args{
				":hash": t.Hash[:], ":org": t.Org, ":label": t.Label, ":role": string(t.Role),
				":made_at": millis(t.Made), ":expires_at": millis(t.Expires), ":revoked_at": millis(t.Revoked),
			})
		return err
	})
	if err != nil {
		return fmt.Errorf("saving a token: %w", err)
	}
	return nil
}

// RevokeToken makes at the time since when the token is revoked, unless an earlier one is there; see storetest.Desk.
func (s *Store) RevokeToken(ctx context.Context, h access.Hash, at time.Time) error {
	err := s.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		n, err := exec(conn, `UPDATE tokens SET revoked_at = iif(revoked_at = 0, :at, revoked_at) WHERE hash = :hash`, args{":hash": h[:], ":at": millis(at)})
		if err == nil && n == 0 {
			err = replay.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("revoking a token: %w", err)
	}
	return nil
}

// Token is the token under that hash, or ErrNotFound; see api.Tokens.
func (s *Store) Token(ctx context.Context, h access.Hash) (access.Token, error) {
	found, err := s.tokens(ctx, `WHERE hash = :hash`, args{":hash": h[:]})
	if err == nil && found == nil {
		err = replay.ErrNotFound
	}
	if err != nil {
		return access.Token{}, fmt.Errorf("looking a token up: %w", err)
	}
	return found[0], nil
}

// TokensOf is every token of the organization; see storetest.Desk.
func (s *Store) TokensOf(ctx context.Context, org string) ([]access.Token, error) {
	all, err := s.tokens(ctx, `WHERE org = :org ORDER BY made_at, hash`, args{":org": org})
	if err != nil {
		return nil, fmt.Errorf("reading the tokens of organization %s: %w", org, err)
	}
	return all, nil
}

// AllTokens is every token of the file, by organization, then as TokensOf has them: a file has few.
func (s *Store) AllTokens(ctx context.Context) ([]access.Token, error) {
	all, err := s.tokens(ctx, `ORDER BY org, made_at, hash`, nil)
	if err != nil {
		return nil, fmt.Errorf("reading the tokens: %w", err)
	}
	return all, nil
}

// tokens is the rows that which, the end of a SELECT, names.
func (s *Store) tokens(ctx context.Context, which string, named args) (all []access.Token, err error) {
	err = s.read(ctx, func(conn *sqlite.Conn) error {
		return query(conn, `SELECT hash, org, label, role, made_at, expires_at, revoked_at FROM tokens `+which, named,
			func(row *sqlite.Stmt) {
				all = append(all, access.Token{
					Hash:      access.Hash(blob(row, 0)),
					Principal: access.Principal{Org: row.ColumnText(1), Label: row.ColumnText(2), Role: access.Role(row.ColumnText(3))},
					Made:      instant(row.ColumnInt64(4)), Expires: instant(row.ColumnInt64(5)), Revoked: instant(row.ColumnInt64(6)),
				})
			})
	})
	return all, err
}
