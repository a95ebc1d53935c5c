package lambdatest

import (
	"context"
	"crypto/rand"
	"time"

	"reprise/shared/access"
	"reprise/shared/auditlog"
	"reprise/shared/dynamo"
	"reprise/shared/stack"
)

// FirstKey makes a signing key, as an operator does after a deploy.
func (w *World) FirstKey(ctx context.Context) error {
	key, err := auditlog.NewKey(rand.Reader, time.Now())
	if err != nil {
		return err
	}
	keys := dynamo.NewKeys(dynamo.NewClient(stack.Credentials(), w.options.Base.DynamoDB()), w.Tables["KeysTable"])
	return keys.AddKey(ctx, key)
}

// Token makes a token and returns its secret.
func (w *World) Token(ctx context.Context, p access.Principal) (string, error) {
	secret, token, err := access.Mint(rand.Reader, p, time.Time{}, time.Now().UTC().Truncate(time.Millisecond))
	if err != nil {
		return "", err
	}
	tokens := dynamo.NewTokens(dynamo.NewClient(stack.Credentials(), w.options.Base.DynamoDB()), w.Tables["TokensTable"])
	return secret, tokens.SaveToken(ctx, token)
}
