import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { announce } from './announce';
import { IconButton } from './Button';

/** A value as JSON, as it is. */
export const Json = ({ value, label }: { value: unknown; label: string }) => (
  <JsonText text={JSON.stringify(value, null, 2) ?? 'null'} label={label} />
);

/** JSON that is a text already. */
export function JsonText({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      announce(`${label} copied`);
    } catch {
      announce('Copying failed. Select the text by hand.');
    }
  };
  return (
    <div className="relative">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms, a section would be a landmark */}
      <div
        role="group"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        className="max-h-96 overflow-auto rounded-panel border border-line bg-sunken"
      >
        <pre className="p-3 pr-10 font-mono text-meta whitespace-pre-wrap break-words">{text}</pre>
      </div>
      <IconButton
        label={copied ? 'Copied' : `Copy ${label.toLowerCase()}`}
        className="absolute top-1 right-1"
        onClick={() => void copy()}
      >
        {copied ? (
          <Check aria-hidden className="size-4" strokeWidth={1.75} />
        ) : (
          <Copy aria-hidden className="size-4" strokeWidth={1.75} />
        )}
      </IconButton>
    </div>
  );
}
