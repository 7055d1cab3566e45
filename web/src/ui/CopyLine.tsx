import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { announce } from './announce';
import { Button } from './Button';

/** A text to be taken elsewhere, with a button that copies it. */
export function CopyLine({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 3000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      announce(`${what} copied`);
    } catch {
      announce(`${what} could not be copied. Select it by hand.`);
    }
  };
  return (
    <div className="flex items-start gap-2 rounded-panel border border-line bg-sunken p-1 pl-3">
      <code className="min-w-0 flex-1 py-1.5 font-mono text-meta break-all max-lg:py-3">
        {text}
      </code>
      <Button
        onClick={() => void copy()}
        aria-label={copied ? `${what} copied` : `Copy ${what.toLowerCase()}`}
      >
        {copied ? (
          <Check aria-hidden className="size-4" strokeWidth={1.75} />
        ) : (
          <Copy aria-hidden className="size-4" strokeWidth={1.75} />
        )}
        {copied ? 'Copied' : 'Copy'}
      </Button>
    </div>
  );
}
