package sqlite

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"

	"reprise/shared/access"
	"reprise/shared/replay"
)

// SaveToken stores the token under its hash, over what is there; see storetest.Desk.
func (s *Store) SaveToken(ctx context.Context, t access.Token) error {
	err := s.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		_, err := exec(conn, `
			INSERT OR REPLACE INTO tokens VALUES (:hash, :org, :label, :role, :made_at, :expires_at, :revoked_at)`,
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

// Token is the token under that hash, or ErrNotFound; see api.Tokens.
func (s *Store) Token(ctx context.Context, h access.Hash) (access.Token, error) {
	t, found := access.Token{Hash: h}, false
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		return query(conn, `SELECT org, label, role, made_at, expires_at, revoked_at FROM tokens WHERE hash = :hash`,
			args{":hash": h[:]},
			func(row *sqlite.Stmt) {
				found = true
				t.Principal = access.Principal{Org: row.ColumnText(0), Label: row.ColumnText(1), Role: access.Role(row.ColumnText(2))}
				t.Made, t.Expires, t.Revoked = instant(row.ColumnInt64(3)), instant(row.ColumnInt64(4)), instant(row.ColumnInt64(5))
			})
	})
	if err == nil && !found {
		err = replay.ErrNotFound
	}
	if err != nil {
		return access.Token{}, fmt.Errorf("looking a token up: %w", err)
	}
	return t, nil
}
