package dynamo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"reprise/shared/access"
	"reprise/shared/replay"
)

// TokensOf is every token of the organization; see storetest.Desk. The index may be a moment late.
func (t *Tokens) TokensOf(ctx context.Context, org string) ([]access.Token, error) {
	var all []access.Token
	in := dynamodb.QueryInput{
		IndexName: aws.String("org_id"), KeyConditionExpression: aws.String("#org_id = :org"), ExpressionAttributeValues: item{":org": text(org)},
	}
	for it, err := range t.matches(ctx, in) {
		var token access.Token
		if err == nil {
			token, err = readToken(it)
		}
		if err != nil {
			return nil, fmt.Errorf("reading the tokens of organization %s: %w", org, err)
		}
		all = append(all, token)
	}
	slices.SortFunc(all, access.Older)
	return all, nil
}

// RevokeToken makes at the time since when the token is revoked, unless an earlier one is there; see storetest.Desk. So it
// may be made twice.
func (t *Tokens) RevokeToken(ctx context.Context, h access.Hash, at time.Time) error {
	made, stored, err := t.update(ctx, tokenKey(h), change{set: item{"revoked_at": moment(at)}},
		where{condition: "#revoked_at = :never", values: item{":never": moment(time.Time{})}})
	if err == nil && !made && stored == nil {
		err = replay.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("revoking a token: %w", err)
	}
	return nil
}
