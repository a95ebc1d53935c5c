package dynamo

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// item is what DynamoDB keeps under a key.
type item = map[string]types.AttributeValue

// schema is what each item says that it is written in. One of another was written by a program that knows more than this
// one: it is refused, not misread.
const schema = 1

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// number keeps every digit: DynamoDB's numbers have 38, a float64 has 15.
func number[T ~int | ~int64 | ~uint32](n T) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(int64(n), 10)}
}

func flag(b bool) types.AttributeValue   { return &types.AttributeValueMemberBOOL{Value: b} }
func blob(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

// moment is t in whole milliseconds since the epoch, 0 where there is none.
func moment(t time.Time) types.AttributeValue {
	if t.IsZero() {
		return number(0)
	}
	return number(t.UnixMilli())
}

// stamp is now as items keep it.
func stamp(now func() time.Time) time.Time { return now().UTC().Truncate(time.Millisecond) }

// expiry is when DynamoDB may delete an item, which it does within some days.
func expiry(t time.Time) types.AttributeValue { return number(t.Unix()) }

// reader takes an item apart. What is missing, of another type or out of its range is its error: the first of them.
type reader struct {
	it  item
	err error
}

// read begins with the schema.
func read(it item) *reader {
	r := &reader{it: it}
	if v := r.int("schema"); r.err == nil && v != schema {
		r.err = fmt.Errorf("it is written in schema %d, this program knows %d", v, schema)
	}
	return r
}

func attribute[T types.AttributeValue](r *reader, name string) (v T) {
	v, ok := r.it[name].(T)
	if !ok {
		r.fail(name, fmt.Errorf("it is %s, not %s", kind(r.it[name]), kind(v)))
	}
	return v
}

// kind is how DynamoDB calls the type of a value.
func kind(v types.AttributeValue) string {
	switch v.(type) {
	case nil:
		return "missing"
	case *types.AttributeValueMemberS:
		return "S"
	case *types.AttributeValueMemberN:
		return "N"
	case *types.AttributeValueMemberBOOL:
		return "BOOL"
	case *types.AttributeValueMemberB:
		return "B"
	case *types.AttributeValueMemberL:
		return "L"
	case *types.AttributeValueMemberM:
		return "M"
	default:
		return "of another type"
	}
}

func (r *reader) fail(name string, err error) {
	if r.err == nil {
		r.err = fmt.Errorf("attribute %s: %w", name, err)
	}
}

func (r *reader) text(name string) string {
	if v := attribute[*types.AttributeValueMemberS](r, name); v != nil {
		return v.Value
	}
	return ""
}

func (r *reader) flag(name string) bool {
	v := attribute[*types.AttributeValueMemberBOOL](r, name)
	return v != nil && v.Value
}

func (r *reader) blob(name string) []byte {
	if v := attribute[*types.AttributeValueMemberB](r, name); v != nil {
		return v.Value
	}
	return nil
}

func (r *reader) list(name string) []types.AttributeValue {
	if v := attribute[*types.AttributeValueMemberL](r, name); v != nil {
		return v.Value
	}
	return nil
}

// between is a whole number.
func (r *reader) between(name string, least, most int64) int64 {
	v := attribute[*types.AttributeValueMemberN](r, name)
	if v == nil {
		return 0
	}
	n, err := strconv.ParseInt(v.Value, 10, 64)
	if err == nil && (n < least || n > most) {
		err = fmt.Errorf("%d is not between %d and %d", n, least, most)
	}
	if err != nil {
		r.fail(name, err)
		return 0
	}
	return n
}

// Nothing that is counted is ever negative.
func (r *reader) int64(name string) int64   { return r.between(name, 0, math.MaxInt64) }
func (r *reader) int(name string) int       { return int(r.between(name, 0, math.MaxInt)) }
func (r *reader) uint32(name string) uint32 { return uint32(r.between(name, 0, math.MaxUint32)) }

// The first millisecond of the year 1 and the last of 9999: RFC 3339 can write no other.
const firstMilli, lastMilli = -62_135_596_800_000, 253_402_300_799_999

// moment is what the function of that name kept.
func (r *reader) moment(name string) time.Time {
	ms := r.between(name, firstMilli, lastMilli)
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
