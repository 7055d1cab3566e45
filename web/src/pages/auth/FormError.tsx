/** Why the form was refused as a whole. Its place is live from the start, so that it is read out. */
export function FormError({ message }: { message: string | null }) {
  return (
    <div role="alert">
      {message && (
        <p className="mb-3 rounded-panel border border-critical/40 bg-critical-wash px-3 py-2 text-body">
          {message}
        </p>
      )}
    </div>
  );
}
