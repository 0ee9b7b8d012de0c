package web_test

import (
	"strconv"

	"entente/node"
)

var operator = node.Caller{Operator: true, Via: "test"}

func who(office string) node.Caller { return node.Caller{Office: office, Via: "test"} }

func query(kind string) node.Query { return node.Query{Kind: kind} }

func quote(s string) string { return strconv.Quote(s) }
