package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"reprise/cmd/reprise/client"
)

// setsWebhook is what to do where there is no webhook.
const setsWebhook = `"reprise webhook set --endpoint URL --authorization-from FILE --enable" sets one.`

// webhookCmd is `reprise webhook`.
type webhookCmd struct {
	Get  webhookGetCmd  `cmd:"" help:"Show where replays go."`
	Set  webhookSetCmd  `cmd:"" help:"Change where replays go, and how."`
	Test webhookTestCmd `cmd:"" help:"Send one entry there, and show what is answered."`
}

// Help is examples.
func (webhookCmd) Help() string {
	return `Examples:

    reprise webhook get
    reprise webhook test`
}

// webhookGetCmd is `reprise webhook get`.
type webhookGetCmd struct {
	service `embed:""`
	shape   `embed:""`
}

// Help is examples.
func (webhookGetCmd) Help() string {
	return `The authorization is never shown. As json it is the webhook alone, as the API answers it.

Examples:

    reprise webhook get
    reprise webhook get --region eu --output json`
}

// Run shows it.
func (c *webhookGetCmd) Run(ctx context.Context, s streams) error {
	at, err := c.client()
	if err != nil {
		return err
	}
	hook, err := at.Webhook(ctx)
	if err != nil {
		return err
	}
	return showWebhook(ctx, at, s, c.shape, hook)
}

// showWebhook writes a webhook: as it was answered, or as a table, with its status and its last attempt.
func showWebhook(ctx context.Context, at *client.Client, s streams, as shape, hook client.Webhook) error {
	if as.json() {
		return passOn(s.out, hook.Raw)
	}
	status, err := at.WebhookStatus(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	row := func(name, value string) { _, _ = fmt.Fprintf(table, "%s\t%s\n", name, value) } // Flush tells
	row("Status", status.Status)
	row("Endpoint", hook.Endpoint)
	row("Enabled", yes(hook.Enabled))
	row("Log format", hook.Format)
	row("Skip TLS certificate verification", yes(hook.SkipVerify))
	if !hook.UpdatedAt.IsZero() {
		row("Updated at", hook.UpdatedAt.Format(time.RFC3339))
	}
	if !status.At.IsZero() {
		last := "no answer: " + client.Printable(status.Message)
		if status.Code != 0 {
			last = answered(status.Code, status.Message)
		}
		row("Last attempt", status.At.Format(time.RFC3339)+": "+last)
	}
	if err := table.Flush(); err != nil || hook.Endpoint != client.Unconfigured {
		return err
	}
	_, err = fmt.Fprintln(s.err, setsWebhook)
	return err
}

// webhookSetCmd is `reprise webhook set`.
type webhookSetCmd struct {
	Endpoint          *string `placeholder:"URL" help:"Where batches are sent: an https URL."`
	AuthorizationFrom string  `placeholder:"FILE" help:"A file with the Authorization header that is sent, or - for standard input, where a terminal asks for it without showing it."`
	Format            *string `placeholder:"NAME" help:"How entries are written: cef, json or cps."`
	Enable            bool    `xor:"enabled" help:"Let replays be sent there."`
	Disable           bool    `xor:"enabled" help:"Let none be sent; one that runs fails."`
	SkipVerify        bool    `xor:"verify" help:"Take any TLS certificate of the endpoint."`
	Verify            bool    `xor:"verify" help:"Take only a good TLS certificate."`
	shape             `embed:""`
	service           `embed:""`
}

// Help is examples.
func (webhookSetCmd) Help() string {
	return `Only what is given is changed. The authorization is no flag: a command line can be read by everybody on the machine.

Examples:

    printf 'Bearer %s' "$SECRET" | reprise webhook set --endpoint https://logs.example.com/reprise --authorization-from - --format json --enable
    reprise webhook set --authorization-from header.txt
    reprise webhook set --disable --region eu`
}

// Validate names the flag and the rule that it breaks.
func (c *webhookSetCmd) Validate() error {
	if c.Endpoint == nil && c.AuthorizationFrom == "" && c.Format == nil && !c.Enable && !c.Disable && !c.SkipVerify && !c.Verify {
		return fmt.Errorf("--endpoint, --authorization-from, --format, --enable, --disable, --skip-verify or --verify: one must be given")
	}
	return nil
}

// Run changes it.
func (c *webhookSetCmd) Run(ctx context.Context, s streams) error {
	at, err := c.client()
	if err != nil {
		return err
	}
	patch := client.Patch{Endpoint: c.Endpoint, Format: c.Format, Enabled: either(c.Enable, c.Disable), SkipVerify: either(c.SkipVerify, c.Verify)}
	if c.AuthorizationFrom != "" {
		secret, err := c.authorization(ctx, s)
		if err != nil {
			return err
		}
		patch.Authorization = &secret
	}
	hook, err := at.SetWebhook(ctx, patch)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(s.err, `Saved. "reprise webhook test" tries it.`)
	return showWebhook(ctx, at, s, c.shape, hook)
}

// either is true or false by the flag that is given, nil where neither is.
func either(on, off bool) *bool {
	if !on && !off {
		return nil
	}
	return &on
}

func (c *webhookSetCmd) authorization(ctx context.Context, s streams) (string, error) {
	if c.AuthorizationFrom == "-" {
		return readSecret(ctx, s, "Authorization header: ")
	}
	f, err := os.Open(c.AuthorizationFrom)
	if err != nil {
		return "", &verdict{kind: errUsage, text: "--authorization-from: " + err.Error()}
	}
	defer f.Close()
	s.in = f
	return readSecret(ctx, s, "Authorization header: ")
}

// webhookTestCmd is `reprise webhook test`.
type webhookTestCmd struct {
	service `embed:""`
	shape   `embed:""`
}

// Help is examples.
func (webhookTestCmd) Help() string {
	return `It exits with 1 where the receiver did not take the entry (no 2xx). The webhook may be disabled.

Examples:

    reprise webhook test
    reprise webhook test --output json | jq .response_code`
}

// Run tries it.
func (c *webhookTestCmd) Run(ctx context.Context, s streams) error {
	at, err := c.client()
	if err != nil {
		return err
	}
	test, err := at.TestWebhook(ctx)
	if err != nil {
		return err
	}
	switch {
	case c.json():
		err = passOn(s.out, test.Raw)
	case test.Code != 0:
		_, err = fmt.Fprintf(s.out, "%s (%d ms)\n", answered(test.Code, test.Message), *cmp.Or(test.Duration, new(int64)))
	case test.Duration != nil:
		_, err = fmt.Fprintf(s.out, "no answer: %s (%d ms)\n", client.Printable(test.Reason), *test.Duration)
	}
	if err != nil || test.OK() {
		return err
	}
	return failedTest(ctx, at, test)
}

// failedTest says what became of a test entry that was not taken.
func failedTest(ctx context.Context, at *client.Client, test client.Test) error {
	if test.Code == 0 && test.Duration == nil {
		return &verdict{text: "nothing was sent: " + client.Printable(test.Reason), todo: setsWebhook}
	}
	receiver := "the receiver"
	if hook, err := at.Webhook(ctx); err == nil { // it is only to explain: nothing is made of an error
		receiver = client.Printable(hook.Endpoint)
	}
	if test.Code == 0 {
		return &verdict{
			text: receiver + " did not answer: " + client.Printable(test.Reason),
			todo: `Is the receiver running, and is that its address? "reprise webhook set --endpoint URL" changes it.`,
		}
	}
	return &verdict{
		text: fmt.Sprintf("%s did not take the test entry: %s", receiver, answered(test.Code, test.Message)),
		todo: `"reprise webhook set" changes its endpoint or authorization.`,
	}
}
