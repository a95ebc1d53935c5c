package dynamo

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"reprise/shared/auditlog"
	"reprise/shared/replay"
	"reprise/shared/webhook"
)

// Webhooks is the table of what customers configured.
type Webhooks struct {
	table
	newID func() string
}

// NewWebhooks is the table of that name; newID makes an id for each write that may be sent twice.
func NewWebhooks(db *dynamodb.Client, name string, newID func() string) *Webhooks {
	return &Webhooks{table{db, name}, newID}
}

func webhookItem(c webhook.Config, by string) item {
	it := attempt(c.Last)
	for name, v := range scopeKey(c.Scope) {
		it[name] = v
	}
	it["schema"], it["version"], it["written_by"] = number(schema), number(c.Version), text(by)
	it["endpoint"], it["authorization"] = text(c.Endpoint), text(string(c.Authorization))
	it["enabled"], it["gone"], it["format"], it["skip_verify"] = flag(c.Enabled), flag(c.Gone), text(string(c.Format)), flag(c.SkipVerify)
	it["updated_at"] = moment(c.UpdatedAt)
	return it
}

// attempt is what is kept of the last attempt.
func attempt(a webhook.Attempt) item {
	return item{"last_at": moment(a.At), "last_code": number(a.Code), "last_message": text(a.Message), "last_ok": flag(a.OK)}
}

func readWebhook(it item) (webhook.Config, error) {
	r := read(it)
	c := webhook.Config{
		Scope:   replay.Scope{Org: r.text("org_id"), Region: r.text("region")},
		Version: r.int("version"), Endpoint: r.text("endpoint"), Authorization: webhook.Secret(r.text("authorization")),
		Enabled: r.flag("enabled"), Format: auditlog.Format(r.text("format")), SkipVerify: r.flag("skip_verify"),
		UpdatedAt: r.moment("updated_at"),
		Last:      webhook.Attempt{At: r.moment("last_at"), Code: r.int("last_code"), Message: r.text("last_message"), OK: r.flag("last_ok")},
	}
	if it["gone"] != nil { // what was written before there was this attribute lacks it
		c.Gone = r.flag("gone")
	}
	if r.err != nil {
		return webhook.Config{}, fmt.Errorf("the stored webhook: %w", r.err)
	}
	return c, nil
}

// Webhook is what was configured, the zero Config with its scope before anything was; see deliver.Webhooks.
func (w *Webhooks) Webhook(ctx context.Context, at replay.Scope) (webhook.Config, error) {
	it, err := w.get(ctx, scopeKey(at))
	c := webhook.Config{Scope: at}
	if err == nil && it != nil {
		c, err = readWebhook(it)
	}
	if err != nil {
		return webhook.Config{}, fmt.Errorf("reading the webhook of region %s: %w", at.Region, err)
	}
	return c, nil
}

// SaveWebhook stores c over the version before it; see api.Configs.
func (w *Webhooks) SaveWebhook(ctx context.Context, c webhook.Config) error {
	over := where{condition: "#version = :before", values: item{":before": number(c.Version - 1)}}
	if c.Version == 1 {
		over = where{condition: "attribute_not_exists(#org_id)"}
	}
	made, stored, err := w.put(ctx, webhookItem(c, w.newID()), over)
	if err == nil && !made {
		var was webhook.Config
		if len(stored) > 0 {
			was, err = readWebhook(stored)
		}
		if err == nil {
			err = fmt.Errorf("version %d is stored, for version %d: %w", was.Version, c.Version, replay.ErrConflict)
		}
	}
	if err != nil {
		return fmt.Errorf("saving the webhook of region %s: %w", c.Region, err)
	}
	return nil
}

// Attempted stores the attempt unless a later one is there, and turns the webhook off if off says so, both only while c's
// version is the one that is stored; see deliver.Webhooks. A condition that does not hold is no error: who knew better was here.
func (w *Webhooks) Attempted(ctx context.Context, c webhook.Config, a webhook.Attempt, off bool) error {
	set := change{set: attempt(a)}
	set.set["written_by"] = text(w.newID())
	over := where{condition: "#version = :version", values: item{":version": number(c.Version)}, blind: true}
	if off {
		set.set["enabled"], set.set["gone"], set.set["version"] = flag(false), flag(true), number(c.Version+1)
	} else {
		over.condition += " AND #last_at <= :at"
		over.values[":at"] = moment(a.At)
	}
	if _, _, err := w.update(ctx, scopeKey(c.Scope), set, over); err != nil {
		return fmt.Errorf("recording an attempt of the webhook of region %s: %w", c.Region, err)
	}
	return nil
}
