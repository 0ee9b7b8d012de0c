package main

import (
	"fmt"
	"io"

	"entente/node"
)

type lockCmd struct {
	Lock node.KeyLock `arg:"" enum:"environment,command,none" help:"environment, command, or none."`
}

func (lockCmd) Help() string {
	return `The file node.keys opens every part and signs for the node. Without a lock its permissions alone keep it. Under a lock it is
sealed by AES-256-GCM, and a node does not start, nor a backup open with it, unless the lock opens:

  environment   ` + node.KeyVariable + ` holds the key, 64 hexadecimal digits: openssl rand -hex 32
  command       ` + node.KeyCommandVariable + ` names a program in front of a KMS or an HSM. It is run as "PROGRAM wrap" when the lock is
                made and as "PROGRAM unwrap" at every start; 32 bytes or the wrapped key come in on stdin, the answer is what it
                writes to stdout, within 30 seconds. Its stderr is dropped. Where it needs arguments, name a script.
  none          permissions alone again

The node must not be serving. A node.keys that has lain open before may have been copied: entente rotate node afterwards. Keep the
recovery sheet: a KMS that is gone takes the node's keys with it, and a backup sealed to the recovery key opens without it.

Examples:
  ` + node.KeyCommandVariable + `=/usr/local/bin/kms-entente entente lock command
  entente lock none`
}

func (c *lockCmd) Run(a *app) error {
	if err := node.LockKeys(node.Options{Dir: a.flags.Dir, Keys: a.flags.NodeKeys}, c.Lock); err != nil {
		return err
	}
	return a.print(map[string]node.KeyLock{"lock": c.Lock}, func(w io.Writer) {
		if c.Lock == node.LockNone {
			fmt.Fprintln(w, "The node's own keys are kept by permissions alone.")
			return
		}
		fmt.Fprintf(w, "The node's own keys are locked by %s. The node starts only where it opens.\n", c.Lock)
	})
}
