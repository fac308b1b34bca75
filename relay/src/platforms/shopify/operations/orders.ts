/**
 * A customer's last orders: nothing of what was bought, for how much, or where it goes. Shopify's search passes over a
 * filter that it does not know (any more), and then finds the orders of everybody; "nobody" would show that.
 */
export const LAST_ORDERS = /* GraphQL */ `
  query LastOrders($customer: String!) {
    orders(first: 5, query: $customer, sortKey: CREATED_AT, reverse: true) {
      nodes {
        name
        createdAt
        cancelledAt
        displayFulfillmentStatus
        fulfillments(first: 5) {
          trackingInfo(first: 3) {
            company
            number
            url
          }
        }
      }
    }
    nobody: orders(first: 1, query: "customer_id:0") {
      nodes {
        name
      }
    }
  }
`;
