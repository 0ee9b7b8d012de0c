package web_test

import (
	"strconv"
	"time"

	"entente/node"
)

var operator = node.Caller{Operator: true, Via: "test"}

func who(office string) node.Caller { return node.Caller{Office: office, Via: "test"} }

func query(kind string) node.Query { return node.Query{Kind: kind} }

func quote(s string) string { return strconv.Quote(s) }

// isoIn is a day so many days ahead of a node's clock.
func isoIn(x *side, days int64) string {
	return time.Unix(x.node.Now()+days*86400, 0).UTC().Format(time.DateOnly)
}

func isoDay(sec int64) string { return time.Unix(sec, 0).UTC().Format(time.DateOnly) }
