package dynamo

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// table is what the types of this package are made of. Attributes are written #name in its expressions: any name may be
// one of DynamoDB's 573 reserved words.
type table struct {
	db   *dynamodb.Client
	name string
}

// names is what the expressions' #names stand for.
func names(expressions ...string) map[string]string {
	all := make(map[string]string)
	for _, word := range strings.FieldsFunc(strings.Join(expressions, " "), func(r rune) bool { return strings.ContainsRune(" ,()=<>", r) }) {
		if name, ok := strings.CutPrefix(word, "#"); ok {
			all[word] = name
		}
	}
	return all
}

// get reads consistently; it is nil where nothing is there.
func (t table) get(ctx context.Context, key item) (item, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, err
	}
	return out.Item, nil
}

// where is the condition of a write and the values that it names.
type where struct {
	condition string
	values    item
	blind     bool // what is stored instead need not come back: it may be large
}

// back is what DynamoDB is to send where the condition does not hold.
func (w where) back() types.ReturnValuesOnConditionCheckFailure {
	if w.blind {
		return types.ReturnValuesOnConditionCheckFailureNone
	}
	return types.ReturnValuesOnConditionCheckFailureAllOld
}

// put writes the item where the condition holds, or wrote it already: an SDK sends a write again whose answer was lost, and
// then loses to itself, which written_by tells. Else what is stored is returned.
func (t table) put(ctx context.Context, it item, w where) (made bool, stored item, err error) {
	_, err = t.db.PutItem(ctx, &dynamodb.PutItemInput{
		TableName: &t.name, Item: it,
		ConditionExpression: &w.condition, ExpressionAttributeNames: names(w.condition), ExpressionAttributeValues: w.values,
		ReturnValuesOnConditionCheckFailure: w.back(),
	})
	return outcome(err, it)
}

// change is what an update makes of an item's attributes.
type change struct {
	set    item
	remove string // an attribute; empty for none
}

// update is put for some of the attributes of an item that is there.
func (t table) update(ctx context.Context, key item, c change, w where) (made bool, stored item, err error) {
	values := maps.Clone(w.values)
	var sets []string
	for _, name := range slices.Sorted(maps.Keys(c.set)) {
		sets = append(sets, "#"+name+" = :set_"+name)
		values[":set_"+name] = c.set[name]
	}
	expression := "SET " + strings.Join(sets, ", ")
	if c.remove != "" {
		expression += " REMOVE #" + c.remove
	}
	_, err = t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: key, UpdateExpression: &expression,
		ConditionExpression: &w.condition, ExpressionAttributeNames: names(expression, w.condition), ExpressionAttributeValues: values,
		ReturnValuesOnConditionCheckFailure: w.back(),
	})
	return outcome(err, c.set)
}

// outcome is what became of a write.
func outcome(err error, written item) (made bool, stored item, _ error) {
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) {
		return err == nil, nil, err
	}
	by, ok := written["written_by"].(*types.AttributeValueMemberS)
	was, stood := failed.Item["written_by"].(*types.AttributeValueMemberS)
	return ok && stood && by.Value == was.Value, failed.Item, nil
}

// matches yields the items of a query, a page of at most 1 MB at a time. One that cannot be read whole ends in an error.
func (t table) matches(ctx context.Context, in dynamodb.QueryInput) iter.Seq2[item, error] {
	in.TableName = &t.name
	in.ExpressionAttributeNames = names(*in.KeyConditionExpression)
	return func(yield func(item, error) bool) {
		for pages := dynamodb.NewQueryPaginator(t.db, &in); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, it := range page.Items {
				if !yield(it, nil) {
					return
				}
			}
		}
	}
}
