package web_test

import "entente/node"

func who(office string) node.Caller { return node.Caller{Office: office, Via: "test"} }

func query(kind string) node.Query { return node.Query{Kind: kind} }
