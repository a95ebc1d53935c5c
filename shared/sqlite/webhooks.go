package sqlite

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// Webhook is what was configured, the zero Config with its scope before anything was; see deliver.Webhooks.
func (s *Store) Webhook(ctx context.Context, at replay.Scope) (webhook.Config, error) {
	var c webhook.Config
	err := s.read(ctx, func(conn *sqlite.Conn) (err error) {
		c, err = readWebhook(conn, at)
		return err
	})
	if err != nil {
		return webhook.Config{}, fmt.Errorf("reading the webhook of region %s: %w", at.Region, err)
	}
	return c, nil
}

func readWebhook(conn *sqlite.Conn, at replay.Scope) (webhook.Config, error) {
	c := webhook.Config{Scope: at}
	err := query(conn, `
		SELECT version, endpoint, authorization, enabled, format, skip_verify, updated_at, last_at, last_code, last_message, last_ok, gone
		FROM webhooks WHERE org = :org AND region = :region`,
		args{":org": at.Org, ":region": at.Region},
		func(row *sqlite.Stmt) {
			c.Version, c.Endpoint, c.Authorization = row.ColumnInt(0), row.ColumnText(1), webhook.Secret(row.ColumnText(2))
			c.Enabled, c.Format, c.SkipVerify = row.ColumnBool(3), auditlog.Format(row.ColumnText(4)), row.ColumnBool(5)
			c.UpdatedAt = instant(row.ColumnInt64(6))
			c.Last = webhook.Attempt{
				At: instant(row.ColumnInt64(7)), Code: row.ColumnInt(8), Message: row.ColumnText(9), OK: row.ColumnBool(10),
			}
			c.Gone = row.ColumnBool(11)
		})
	return c, err
}

// SaveWebhook stores c over the version before it; see api.Configs.
func (s *Store) SaveWebhook(ctx context.Context, c webhook.Config) error {
	err := s.write(ctx, fsynced, func(conn *sqlite.Conn) error {
		stored, err := readWebhook(conn, c.Scope)
		if err != nil {
			return err
		}
		if stored.Version != c.Version-1 {
			return fmt.Errorf("version %d is stored, for version %d: %w", stored.Version, c.Version, replay.ErrConflict)
		}
		_, err = exec(conn, `
			INSERT OR REPLACE INTO webhooks VALUES (:org, :region, :version, :endpoint, :authorization, :enabled, :format,
				:skip_verify, :updated_at, :last_at, :last_code, :last_message, :last_ok, :gone)`,
			args{
				":org": c.Org, ":region": c.Region, ":version": c.Version,
				":endpoint": c.Endpoint, ":authorization": string(c.Authorization), ":enabled": c.Enabled,
				":format": string(c.Format), ":skip_verify": c.SkipVerify, ":updated_at": millis(c.UpdatedAt),
				":last_at": millis(c.Last.At), ":last_code": c.Last.Code, ":last_message": c.Last.Message, ":last_ok": c.Last.OK, ":gone": c.Gone,
			})
		return err
	})
	if err != nil {
		return fmt.Errorf("saving the webhook of region %s: %w", c.Region, err)
	}
	return nil
}

// Attempted stores the attempt unless a later one is there, and turns the webhook off if off says so, both only while
// c's version is the one that is stored; see deliver.Webhooks. A receiver that is gone stays so whatever came later: off
// does not ask for the time.
func (s *Store) Attempted(ctx context.Context, c webhook.Config, a webhook.Attempt, off bool) error {
	err := s.write(ctx, quick, func(conn *sqlite.Conn) error {
		stored, err := readWebhook(conn, c.Scope)
		if err != nil {
			return err
		}
		if stored.Version != c.Version || !off && millis(stored.Last.At) > millis(a.At) {
			return nil
		}
		if off {
			stored.Version, stored.Enabled, stored.Gone = stored.Version+1, false, true
		}
		_, err = exec(conn, `
			UPDATE webhooks SET version = :version, enabled = :enabled, gone = :gone,
				last_at = :at, last_code = :code, last_message = :message, last_ok = :ok
			WHERE org = :org AND region = :region`,
			args{
				":org": c.Org, ":region": c.Region, ":version": stored.Version, ":enabled": stored.Enabled, ":gone": stored.Gone,
				":at": millis(a.At), ":code": a.Code, ":message": a.Message, ":ok": a.OK,
			})
		return err
	})
	if err != nil {
		return fmt.Errorf("recording an attempt of the webhook of region %s: %w", c.Region, err)
	}
	return nil
}
