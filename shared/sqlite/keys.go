package sqlite

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"zombiezen.com/go/sqlite"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
)

// AddKey makes k the current signing key, unless it is there already; see storetest.Desk.
func (s *Store) AddKey(ctx context.Context, k auditlog.Key) error {
	if len(k.Private) != ed25519.PrivateKeySize {
		return fmt.Errorf("adding signing key %s: a private key has %d bytes, this one %d", k.ID, ed25519.PrivateKeySize, len(k.Private))
	}
	err := s.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		_, err := exec(conn, `
			INSERT INTO keys (kid, public, private, made_at) VALUES (:kid, :public, :private, :made_at)
			ON CONFLICT (kid) DO NOTHING`,
			args{":kid": k.ID, ":public": []byte(k.Public().Public), ":private": []byte(k.Private), ":made_at": millis(k.Made)})
		return err
	})
	if err != nil {
		return fmt.Errorf("adding signing key %s: %w", k.ID, err)
	}
	return nil
}

// SigningKey is the key that was added last, or ErrNotFound; see intake.Keys.
func (s *Store) SigningKey(ctx context.Context) (auditlog.Key, error) {
	var k auditlog.Key
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		return query(conn, `SELECT kid, private, made_at FROM keys ORDER BY id DESC LIMIT 1`, nil,
			func(row *sqlite.Stmt) {
				k = auditlog.Key{ID: row.ColumnText(0), Private: blob(row, 1), Made: instant(row.ColumnInt64(2))}
			})
	})
	if err == nil && k.Private == nil {
		err = replay.ErrNotFound
	}
	if err != nil {
		return auditlog.Key{}, fmt.Errorf("reading the signing key: %w", err)
	}
	return k, nil
}

// PublicKeys is the current signing key, then the retired ones, newest first; see api.PublicKeys.
func (s *Store) PublicKeys(ctx context.Context) ([]auditlog.PublicKey, error) {
	var keys []auditlog.PublicKey
	err := s.read(ctx, func(conn *sqlite.Conn) error {
		return query(conn, `SELECT kid, public FROM keys ORDER BY id DESC`, nil, func(row *sqlite.Stmt) {
			keys = append(keys, auditlog.PublicKey{ID: row.ColumnText(0), Public: blob(row, 1)})
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading the public keys: %w", err)
	}
	return keys, nil
}

// blob is a copy of a column.
func blob(row *sqlite.Stmt, col int) []byte {
	b := make([]byte, row.ColumnLen(col))
	row.ColumnBytes(col, b)
	return b
}
