package api

import (
	"context"
	"net/url"
	"strconv"

	"entente/node"
	"entente/record"
)

// ContactLog is one party's log of a contact: where it stands, and the parts that the office may read as they are said last.
type ContactLog struct {
	node.Listed
	Parts []Part `json:"parts"`
}

type inContacts struct {
	InGroup
	From  int64        `query:"from" doc:"contacts that begin then or later, Unix seconds"`
	Until int64        `query:"until" doc:"contacts that begin before, Unix seconds; absent: no end"`
	Party record.Party `query:"party" doc:"whose logs; absent: every party's"`
}

func (a *API) contacts(ctx context.Context, in *inContacts) (*body[[]ContactLog], error) {
	all, err := a.node.ContactLogs(ctx, caller(ctx), in.Group, node.ContactQuery{From: in.From, Until: in.Until, Party: in.Party})
	out := make([]ContactLog, len(all))
	for i, x := range all {
		out[i] = ContactLog{x.Listed, make([]Part, len(x.Parts))}
		for k, p := range x.Parts {
			out[i].Parts[k] = partOf(p.Part, p.Marking)
		}
	}
	return list(out, err)
}

// Contacts reads logs of contacts that begin in a span of time.
func (c *Client) Contacts(ctx context.Context, g record.ID, q node.ContactQuery) ([]ContactLog, error) {
	v := url.Values{"from": {strconv.FormatInt(q.From, 10)}, "until": {strconv.FormatInt(q.Until, 10)}, "party": {string(q.Party)}}
	return fetch[[]ContactLog](ctx, c, inGroupPath(g, "contacts")+"?"+v.Encode())
}
