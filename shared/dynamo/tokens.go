package dynamo

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"reprise/shared/access"
	"reprise/shared/replay"
)

// Tokens is the table of tokens, each under its hash.
type Tokens struct{ table }

// NewTokens is the table of that name.
func NewTokens(db *dynamodb.Client, name string) *Tokens { return &Tokens{table{db, name}} }

func tokenKey(h access.Hash) item { return item{"hash": text(hex.EncodeToString(h[:]))} }

// tokenItem says valid_until, not expires_at: DynamoDB must not delete a token that no longer holds.
func tokenItem(t access.Token) item {
	it := tokenKey(t.Hash)
	it["schema"] = number(schema)
	it["label"], it["role"] = text(t.Label), text(string(t.Role))
	it["made_at"], it["valid_until"], it["revoked_at"] = moment(t.Made), moment(t.Expires), moment(t.Revoked)
	if t.Org != "" { // the index takes no empty key
		it["org_id"] = text(t.Org)
	}
	return it
}

func readToken(it item) (access.Token, error) {
	r := read(it)
	t := access.Token{
		Principal: access.Principal{Label: r.text("label"), Role: access.Role(r.text("role"))},
		Made:      r.moment("made_at"), Expires: r.moment("valid_until"), Revoked: r.moment("revoked_at"),
	}
	if it["org_id"] != nil {
		t.Org = r.text("org_id")
	}
	hash, err := hex.DecodeString(r.text("hash"))
	if err != nil || len(hash) != len(t.Hash) {
		r.fail("hash", fmt.Errorf("it is not %d bytes in hex", len(t.Hash)))
	}
	copy(t.Hash[:], hash)
	if r.err != nil {
		return access.Token{}, fmt.Errorf("the stored token: %w", r.err)
	}
	return t, nil
}

// SaveToken stores the token under its hash, unless it is there already; see storetest.Desk.
func (t *Tokens) SaveToken(ctx context.Context, token access.Token) error {
	if _, _, err := t.put(ctx, tokenItem(token), where{condition: "attribute_not_exists(#hash)"}); err != nil {
		return fmt.Errorf("saving a token: %w", err)
	}
	return nil
}

// Token is the token under that hash, or ErrNotFound; see api.Tokens.
func (t *Tokens) Token(ctx context.Context, h access.Hash) (access.Token, error) {
	var token access.Token
	it, err := t.get(ctx, tokenKey(h))
	switch {
	case err != nil:
	case it == nil:
		err = replay.ErrNotFound
	default:
		token, err = readToken(it)
	}
	if err != nil {
		return access.Token{}, fmt.Errorf("looking a token up: %w", err)
	}
	return token, nil
}
